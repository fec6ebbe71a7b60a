import { readFileSync } from "node:fs";
import { buildSchema, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config.js";
import { countPending, firstQuery, firstScreen, progressLine, type Running, type Summary } from "../../src/first-screen.js";
import { showProgress } from "../../src/progress.js";

const real = {
  EXACT_CLIENT_ID: "the-app",
  EXACT_CLIENT_SECRET: "the-app-secret",
  EXACT_REDIRECT_URI: "https://gateway.example/auth/exact/callback",
  CUSTOMCRM_BASE_URL: "https://crm.example/api/v1",
  CUSTOMCRM_TOKEN: "the-crm-token",
  ENCRYPTION_KEY: "k".repeat(44),
};

function screen(env: { readonly [name: string]: string } = {}, running: Partial<Running> = {}): string {
  const systems = { exact: "http://127.0.0.1:4020", customcrm: "http://127.0.0.1:4010" };
  return firstScreen({ config: parseConfig(env), url: "http://127.0.0.1:4000", systems, store: "private", ...running });
}

const none = { UNLINKED: 0, PENDING: 0, WAITING: 0, REVIEW: 0, LINKED: 0, CONFLICT: 0, FAILED: 0, DETACHED: 0 };
const summary = (pendingProducts: number): Summary => ({
  counts: { ACCOUNT: { ...none, LINKED: 280, REVIEW: 12, UNLINKED: 8 }, CONTACT: { ...none, LINKED: 570 }, PRODUCT: { ...none, PENDING: pendingProducts } },
});

describe("the first screen", () => {
  it("proposes a query that the contract takes", () => {
    const contract = buildSchema(readFileSync(new URL("../../contracts/gateway.graphql", import.meta.url), "utf8"));
    expect(validate(contract, parse(firstQuery))).toEqual([]);
  });

  it("says in the sandbox what runs where, what to open, what to try and how to connect the real systems", () => {
    expect(screen()).toBe(`
Tandem serves.

  GraphQL        http://127.0.0.1:4000/graphql
  Explorer       http://127.0.0.1:4000/
  Exact Online   http://127.0.0.1:4020   (sandbox: open it to see and edit its records)
  Customcrm      http://127.0.0.1:4010   (sandbox: open it to see and edit its records)
  Links kept in  Redis of its own, data in .data/redis
  Open to        this machine only (127.0.0.1), without credentials

Try
  curl -s http://127.0.0.1:4000/graphql -H "content-type: application/json" -d '{"query":"${firstQuery}"}'

To connect the real systems
  cp .env.example .env, fill in its first part, start again, and open /auth/exact once to let the gateway in.

Ctrl-C stops all of it.
`);
  });

  it("says with the real systems how to let the gateway in, and that nothing is written yet", () => {
    const text = screen({ ...real, PUBLIC_URL: "https://gateway.example" });
    expect(text).toContain("Open https://gateway.example/auth/exact once");
    expect(text).toContain("Nothing is written to them yet");
    expect(text).not.toContain("(sandbox");
    expect(screen({ ...real, FIRST_CONTACT: "live" })).not.toContain("Nothing is written");
  });

  it("shows no secret", () => {
    const text = screen({ ...real, API_KEYS: "0123456789abcdef", REDIS_URL: "redis://:hunter2@host" }, { store: "external" });
    for (const secret of [real.EXACT_CLIENT_SECRET, real.CUSTOMCRM_TOKEN, real.ENCRYPTION_KEY, "0123456789abcdef", "hunter2"])
      expect(text).not.toContain(secret);
    expect(text).toContain('-H "authorization: Bearer $TOKEN"');
  });

  it("warns in plain words when the links are kept in memory", () => {
    expect(screen({}, { store: "memory" })).toContain("memory only: gone when this process ends");
  });

  it("proposes no query where none is answered", () => {
    const text = screen({ ROLE: "worker" });
    expect(text).not.toContain("/graphql");
    expect(text).toContain("/health/ready");
  });
});

it("counts each type by state, linked first, and leaves out what there is none of", () => {
  expect(progressLine(summary(0))).toBe("Accounts 300: 280 linked, 8 in one system only, 12 in review · Contacts 570: 570 linked · Products 0");
  expect(countPending(summary(60))).toBe(60);
});

describe("progress", () => {
  /** A screen that keeps what is written, and an app whose creates take `looks` looks to be done. */
  function shown(looks: number, ready = Promise.resolve()) {
    const written: string[] = [];
    let left = looks;
    const app = { ready, summary: async () => summary(Math.max(0, left--)) };
    return { app, screen: { isTTY: true, write: (text: string) => written.push(text.replace("\r\x1b[2K", "")) }, written };
  }

  it("ends with one line when nothing is left to be written", async () => {
    const { app, screen, written } = shown(0);
    await showProgress(app, screen, () => 4_200, new AbortController().signal);
    expect(written).toEqual([`Linked after 4.2 s. ${progressLine(summary(0))}\n`]);
  });

  it("goes on counting what Exact still has to take, and says when all is written", async () => {
    const { app, screen, written } = shown(2);
    await showProgress(app, screen, () => 9_000, new AbortController().signal, { everyMs: 1 });
    expect(written).toEqual([
      `Linked after 9.0 s. ${progressLine(summary(2))}\n`,
      "Exact takes 60 calls a minute, so what it lacks is created bit by bit: 2 to go.",
      "1 to go.",
      `All is written after 9.0 s. ${progressLine(summary(0))}\n`,
    ]);
  });

  it("shows what is linked so far while linking goes on, and says nothing more once it is asked to stop", async () => {
    const asked = new AbortController();
    const { app, screen, written } = shown(5, new Promise(() => {}));
    const ended = showProgress(app, screen, () => 0, asked.signal, { everyMs: 1 });
    await expect.poll(() => written.length).toBeGreaterThan(0);
    asked.abort();
    await ended;
    expect(written[0]).toBe(`Linking … ${progressLine(summary(5))}`);
    expect(written.join("")).not.toContain("Linked after");
  });

  it("keeps a line that is written over within the terminal's width, and leaves the last one whole", async () => {
    const { app, screen, written } = shown(1);
    await showProgress(app, { ...screen, columns: 21 }, () => 1_000, new AbortController().signal, { everyMs: 1 });
    expect(written.slice(1)).toEqual(["Exact takes 60 calls", `All is written after 1.0 s. ${progressLine(summary(0))}\n`]);
  });

  it("writes plain lines where nothing can be written over", async () => {
    const written: string[] = [];
    const { app } = shown(0);
    await showProgress(app, { write: (text) => written.push(text) }, () => 1_000, new AbortController().signal);
    expect(written).toEqual([`Linked after 1.0 s. ${progressLine(summary(0))}\n`]);
  });

  it("fails when linking fails", async () => {
    const { app, screen } = shown(0, Promise.reject(new Error("Exact does not answer.")));
    await expect(showProgress(app, screen, () => 0, new AbortController().signal)).rejects.toThrow("Exact does not answer.");
  });
});
