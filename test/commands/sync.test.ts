import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { progressBar, syncCommand } from "../../src/commands/sync.js";
import { createServer, type Server } from "../../src/server/server.js";
import { accountRow, customerRow, OperatorWorld } from "../sync/operator-world.js";

let world: OperatorWorld;
let server: Server;
afterEach(async () => {
  await server?.stop();
  await world?.stop();
});

async function serve(): Promise<void> {
  world = await OperatorWorld.start({ customers: [customerRow(1, { Phone: "crm" }), customerRow(2)], accounts: [accountRow(1, { Phone: "exact" })] });
  const { store, settings, actions, runs } = world;
  const connectors = { CUSTOMCRM: world.links.customcrm, EXACT: world.links.exact };
  const log = pino({ level: "silent" });
  server = await createServer({ store, connectors, settings, clock: () => world.clock.now(), log, host: "127.0.0.1", port: 0, actions, runs });
}

async function command(args: readonly string[], options: { url?: string; isTTY?: boolean; signal?: AbortSignal; works?: boolean } = {}) {
  const printed: string[] = [];
  const code = await syncCommand(args, {
    url: options.url ?? server.url,
    apiKey: null,
    print: (text) => void printed.push(text),
    isTTY: options.isTTY ?? false,
    columns: 100,
    sleep: async () => {
      if (options.works !== false) await world.work();
    },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return { code, text: printed.join("") };
}

describe("npm run sync", { timeout: 60_000 }, () => {
  it("with --dry-run prints the plan, field by field, and what it costs", async () => {
    await serve();
    const { code, text } = await command(["--full", "--dry-run"]);
    expect(code).toBe(0);
    expect(text).toMatch(/ 1 {2}link account\n/);
    expect(text).toMatch(/ 1 {2}create account\n/);
    expect(text).toContain('phone: "exact" becomes "crm"; Exact Online\'s value loses');
    expect(text).toMatch(/Cost at EXACT: \d+ reads and 2 writes, \d+ s at the present budget\./);
    expect(text).toMatch(/Done: 3 records read, 1 linked, 1 created, 2 updated \(planned; nothing was written\)/);
    expect(world.writes()).toEqual([]);
  });

  it("runs, shows a bar on a terminal, and counts what was done", async () => {
    await serve();
    const { code, text } = await command(["--full"], { isTTY: true });
    expect(code).toBe(0);
    expect(text).toContain("\r");
    expect(text).toMatch(/Done: 3 records read, 1 linked, 1 created/);
    expect(world.account("x")).toBeUndefined();
    expect([...world.exact.core.accounts.all()].length).toBe(2);
  });

  it("cancels the run when it is asked to end", async () => {
    await serve();
    const ending = new AbortController();
    ending.abort();
    const { code, text } = await command([], { signal: ending.signal, works: false });
    expect([code, text.includes("Cancelled:")]).toEqual([1, true]);
  });

  it.each([
    [["--types", "ACCOUNT,FIRMS"], "--types takes ACCOUNT, CONTACT, PRODUCT; got FIRMS."],
    [["--fast"], "--fast"],
  ])("says what it does not take: %j", async (args, told) => {
    await serve();
    const { code, text } = await command(args);
    expect([code, text.includes(told)]).toEqual([1, true]);
  });

  it("says where it looked when no gateway answers", async () => {
    await serve();
    const { code, text } = await command([], { url: "http://127.0.0.1:9" });
    expect([code, text]).toEqual([1, "No gateway answers at http://127.0.0.1:9. Start it with npm start, or set PORT to where it listens.\n"]);
  });
});

describe("the progress bar", () => {
  const progress = { read: 50, total: 200, linked: 3, created: 0, updated: 1, deleted: 0, unchanged: 9, review: 0, failed: 0, etaSeconds: 120 };
  it.each([
    [progress, 80, /^\[#{8}\.{22}\] 50 of 200 {2}3 linked, 1 updated {2}2 min left *$/],
    [{ ...progress, total: null, etaSeconds: null }, 60, /^50 read {2}3 linked, 1 updated *$/],
    [{ ...progress, read: 900 }, 80, /^\[#+\] 900 of 200/],
    [progress, 20, /^50 of 200 {2}3 linke/],
  ])("tells of %j in %i columns", (given, columns, line) => {
    expect(progressBar(given, columns)).toMatch(line);
    expect(progressBar(given, columns).length).toBe(columns - 1);
  });
});
