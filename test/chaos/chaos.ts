import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { type App, createApp } from "../../src/app.js";
import { parseConfig } from "../../src/config.js";
import { entityTypes, type System, systems } from "../../src/domain/words.js";
import { type CustomcrmSandbox, startCustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import { type ExactSandbox, startExactSandbox } from "../../src/sandbox/exact/index.js";
import { createRandom, VirtualClock } from "../../src/sandbox/kit/index.js";
import { endRedisServer, startRedisServer } from "../../src/store/redis-server.js";
import { holdings } from "../helpers/promises.js";
import { check } from "./check.js";
import { freePort, gatewayEntry, Replica } from "./gateways.js";
import { People } from "./people.js";
import { startProxy } from "./proxy.js";
import { chaosSettings } from "./settings.js";
import { transpile } from "./transpiled.js";

export interface ChaosOptions {
  readonly kills: number;
  /** Draws what people do, who is killed and when, and what the network does. How fast processes run is not in its hands. */
  readonly seed: string;
  readonly redisBinary: string;
  readonly onProgress?: (line: string) => void;
}

export interface ChaosReport {
  readonly broken: readonly string[];
  readonly gatewayKills: number;
  readonly redisKills: number;
  readonly edits: number;
  readonly mutations: number;
  readonly blind: number;
  readonly faults: Readonly<Record<string, number>>;
}

const key = Buffer.alloc(32, 7).toString("base64");
const startMs = 180_000;
const calmMs = 240_000;

/**
 * Two replicas on a real Redis, both systems behind a network that goes wrong, people at work, and processes killed at any
 * moment; then rest, and every promise is looked at.
 */
export async function runChaos({ kills, seed, redisBinary, onProgress = () => {} }: ChaosOptions): Promise<ChaosReport> {
  const random = createRandom(seed);
  const dir = mkdtempSync(join(tmpdir(), "tc-"));
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  try {
    const socket = join(dir, "s");
    const redisUrl = `unix://${socket}`;
    const startRedis = () => startRedisServer({ binary: redisBinary, dataDir: dir, durable: true, socket, url: redisUrl });
    let redis = await startRedis();
    stops.push(() => endRedisServer(redis));

    const transpiled = transpile();
    stops.push(async () => transpiled.remove());
    const entry = transpiled.fileOf(gatewayEntry);
    const { exact, customcrm } = await startSystems(seed);
    stops.push(() => Promise.all([exact.stop(), customcrm.stop()]));
    const proxies = {
      EXACT: await startProxy(exact.origin, createRandom(`${seed}/exact`), 0.03),
      CUSTOMCRM: await startProxy(customcrm.origin, createRandom(`${seed}/customcrm`), 0.03),
    };
    stops.push(() => Promise.all(systems.map((system) => proxies[system].stop())));

    const replicas = await Promise.all(
      [1, 2].map(async () => {
        const port = await freePort();
        const env = { PORT: String(port), ENCRYPTION_KEY: key, TANDEM_DATA_DIR: dir, SYNC_INTERVAL_SECONDS: "1", LOG_LEVEL: "error" };
        const code = () => exact.issueCode(`http://127.0.0.1:${port}/auth/exact/callback`);
        return new Replica(entry, () => ({ env, redisUrl, exact: proxies.EXACT.origin, customcrm: proxies.CUSTOMCRM.origin, code: code() }));
      }),
    );
    stops.push(() => Promise.all(replicas.map((replica) => replica.stop())));
    // One after the other: each consent ends the one before.
    for (const replica of replicas) {
      replica.start();
      await until(
        () => replica.url !== null,
        startMs,
        () => `A replica does not start. ${replica.said}`,
      );
    }

    const people = new People(exact, customcrm, random);
    const anyUrl = () => replicas.find((replica) => replica.url !== null)?.url ?? null;
    const report = { gatewayKills: 0, redisKills: 0, edits: 0 };
    for (let killed = 0; killed < kills; killed++) {
      // What is under way when the kill comes is what people have just done.
      await until(
        () => anyUrl() !== null,
        startMs,
        () => `No replica starts. ${replicas.map((one) => one.said).join("\n")}`,
      );
      for (let n = 1 + random.int(4); n > 0; n--) {
        const act = people.act(anyUrl());
        const patience = random.int(600);
        await Promise.race([act, sleep(patience)]);
        act.catch(() => {});
        report.edits++;
      }
      await sleep(random.int(900));
      if (random.next() < 0.15) {
        const ended = new Promise((resolve) => redis.process.once("exit", resolve));
        redis.process.kill("SIGKILL");
        await ended;
        await sleep(random.int(300));
        redis = await startRedis();
        report.redisKills++;
      } else {
        random.pick(replicas.filter((one) => one.url !== null).length > 0 ? replicas.filter((one) => one.url !== null) : replicas).kill();
        report.gatewayKills++;
      }
      if ((killed + 1) % 25 === 0) onProgress(`${killed + 1} of ${kills} kills, ${report.edits} things done by people`);
    }

    for (const system of systems) proxies[system].calm();
    await until(
      () => anyUrl() !== null,
      startMs,
      () => "No replica starts at the end.",
    );
    const end = Date.now() + calmMs;
    while (people.sent.some((one) => one.status === null) && Date.now() < end) {
      const url = anyUrl();
      if (url !== null) await people.repeat(url);
      await sleep(200);
    }
    await Promise.all(replicas.map((replica) => replica.stop()));
    const broken = await rest({ exact, customcrm, people, redisUrl, dir, shown: proxies.EXACT.shown });
    const faults = Object.fromEntries(
      ["reset", "cut", "lost", "delay"].map((name) => [name, systems.reduce((sum, one) => sum + (proxies[one].faults.get(name) ?? 0), 0)]),
    );
    return { ...report, ...broken, mutations: people.sent.length, faults };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

interface RestParts {
  readonly exact: ExactSandbox;
  readonly customcrm: CustomcrmSandbox;
  readonly people: People;
  readonly redisUrl: string;
  readonly dir: string;
  readonly shown: ReadonlySet<string>;
}

/** A gateway that nobody disturbs brings all to its end; then it is checked, and read anew from the start. */
async function rest({ exact, customcrm, people, redisUrl, dir, shown }: RestParts): Promise<Pick<ChaosReport, "broken" | "blind">> {
  const config = parseConfig({ PORT: "0", ROLE: "api", ENCRYPTION_KEY: key, TANDEM_DATA_DIR: dir });
  const app = await createApp(config, { ...chaosSettings, redisUrl, tenant: "chaos", log: pino({ level: "silent" }), sandboxes: { exact, customcrm } });
  try {
    const writes = () =>
      [exact, customcrm].flatMap((one) => one.calls.all()).filter((call) => /accounts|contacts|customers|products/i.test(call.path) && call.method !== "GET")
        .length;
    const restless = await calm(app, writes);
    if (restless !== null) return { broken: [restless], blind: 0 };
    const found = await check(app.store, await holdings(exact, customcrm), people, shown);
    const before = writes();
    for (const [system, feed] of feedsOf) {
      const state = await app.store.feeds.get(system, feed);
      await app.store.feeds.advance(system, feed, { ...state, position: null, low: null, seen: [] }, []);
    }
    for (const type of entityTypes) for await (const batch of app.store.entities.scan(type)) await app.store.feeds.markDirty(batch.map((one) => one.id));
    await cycle(app);
    const again = writes() - before;
    return { broken: [...found.broken, ...(again > 0 ? [`I5 a cycle with all cursors reset wrote ${again} times.`] : [])], blind: found.blind };
  } finally {
    await app.stop();
  }
}

const feedsOf: readonly (readonly [System, string])[] = [
  ["EXACT", "Accounts"],
  ["EXACT", "Contacts"],
  ["EXACT", "Deleted"],
  ["CUSTOMCRM", "changes"],
];

async function cycle({ engine }: App): Promise<void> {
  await Promise.all(systems.map((system) => engine.poll(system)));
  await engine.sweep();
  await engine.drain();
}

/** null: it has come to rest. */
async function calm(app: App, writes: () => number): Promise<string | null> {
  const { store } = app;
  const end = Date.now() + calmMs;
  let [quiet, owed] = [0, 0];
  while (Date.now() < end) {
    const before = writes();
    await cycle(app);
    const due = await store.entities.due(Date.now() + 24 * 3_600_000, 10);
    owed = (await store.feeds.countDirty()) + due.length;
    quiet = owed === 0 && writes() === before ? quiet + 1 : 0;
    if (quiet >= 3) return null;
    await sleep(quiet > 0 ? 2_500 : 500);
    if (Date.now() >= end) {
      const entities = await store.entities.get(due);
      return `I7 It does not come to rest: ${entities.map((one) => `${one?.id} ${one?.state} ${one?.problem?.code} ${one?.problem?.message}`).join("; ")}`;
    }
  }
  return `I7 It does not come to rest: ${owed} are owed.`;
}

async function startSystems(seed: string): Promise<{ exact: ExactSandbox; customcrm: CustomcrmSandbox }> {
  const clock = new VirtualClock();
  const age = { createdDaysAgo: 90, modifiedDaysAgo: 30 };
  const firms = ["een", "twee", "drie", "vier", "vijf"].map((name, i) => ({ Name: `Firma ${name}`, Email: `info@${name}.example`, n: i + 1, ...age }));
  const customers = firms.map(({ n, ...firm }) => ({ Id: `cus${n}`, ...firm }));
  const accounts = firms.map(({ n, ...firm }) => ({ ID: `00000000-0000-4000-8000-00000000000${n}`, Status: "C", ...firm }));
  const customcrm = await startCustomcrmSandbox({ clock, seed, initial: { customers, contacts: [], products: [] } });
  // Exact's limits are tested where they are the subject; here they would only make time pass.
  const settings = { minuteLimit: null, dayLimit: null, fairUseLimit: null, errorLimit: null, webhookDelayMs: 300 };
  const exact = await startExactSandbox({ clock, seed, initial: { accounts, contacts: [] }, settings });
  return { exact, customcrm };
}

async function until(holds: () => boolean, timeoutMs: number, what: () => string): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(what());
    await sleep(50);
  }
}
