import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systems } from "../../src/domain/words.js";
import { type CustomcrmSandbox, startCustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import { type ExactSandbox, startExactSandbox } from "../../src/sandbox/exact/index.js";
import { createRandom, VirtualClock } from "../../src/sandbox/kit/index.js";
import { endRedisServer, startRedisServer } from "../../src/store/redis-server.js";
import { bundled } from "./bundled.js";
import { freePort, gatewayEntry, Replica } from "./gateways.js";
import { People } from "./people.js";
import { type Network, startProxy } from "./proxy.js";
import { calmMs, rest } from "./rest.js";
import { roughNetwork } from "./settings.js";

export interface ChaosOptions {
  readonly kills: number;
  /** Draws what people do, who is killed and when, and what the network does. How fast processes run is not in its hands. */
  readonly seed: string;
  readonly redisBinary: string;
  /** What people do beside what they do between kills (0). */
  readonly acts?: number;
  /** A safeguard that the gateways do without (null). */
  readonly ablation?: string | null;
  /** How the network goes wrong (in all ways). */
  readonly network?: Network;
  readonly onProgress?: (line: string) => void;
}

export interface ChaosReport {
  readonly broken: readonly string[];
  readonly gatewayKills: number;
  readonly workerKills: number;
  readonly redisKills: number;
  readonly edits: number;
  readonly mutations: number;
  readonly runs: number;
  readonly blind: number;
  readonly faults: Readonly<Record<string, number>>;
}

const key = Buffer.alloc(32, 7).toString("base64");
const startMs = 180_000;

/**
 * Two replicas and a worker on a real Redis, both systems behind a network that goes wrong, people at work, and processes killed at any
 * moment; then rest, and every promise is looked at.
 */
export async function runChaos({
  kills,
  acts = 0,
  seed,
  redisBinary,
  ablation = null,
  network = roughNetwork,
  onProgress = () => {},
}: ChaosOptions): Promise<ChaosReport> {
  const random = createRandom(seed);
  const dir = mkdtempSync(join(tmpdir(), "tc-"));
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  try {
    const socket = join(dir, "s");
    const redisUrl = `unix://${socket}`;
    const startRedis = () => startRedisServer({ binary: redisBinary, dataDir: dir, durable: true, socket, url: redisUrl });
    let redis = await startRedis();
    stops.push(() => endRedisServer(redis));

    const { entry, remove } = bundled(gatewayEntry);
    stops.push(async () => remove());
    const { exact, customcrm } = await startSystems(seed);
    stops.push(() => Promise.all([exact.stop(), customcrm.stop()]));
    const proxies = {
      EXACT: await startProxy(exact.origin, createRandom(`${seed}/exact`), network),
      CUSTOMCRM: await startProxy(customcrm.origin, createRandom(`${seed}/customcrm`), network),
    };
    stops.push(() => Promise.all(systems.map((system) => proxies[system].stop())));

    // Two that do all there is, and one that only works.
    const replicas = await Promise.all(
      (["all", "all", "worker"] as const).map(async (role) => {
        const port = await freePort();
        const env = { PORT: String(port), ROLE: role, ENCRYPTION_KEY: key, TANDEM_DATA_DIR: dir, SYNC_INTERVAL_SECONDS: "1", LOG_LEVEL: "error" };
        const code = () => exact.issueCode(`http://127.0.0.1:${port}/auth/exact/callback`);
        const places = { redisUrl, exact: proxies.EXACT.origin, customcrm: proxies.CUSTOMCRM.origin };
        return new Replica(entry, role === "worker", () => ({ env, ...places, code: code(), ablation }));
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
    const anyUrl = () => replicas.find((replica) => replica.url !== null && !replica.isWorker)?.url ?? null;
    const report = { gatewayKills: 0, workerKills: 0, redisKills: 0, edits: 0 };
    const work = async (things: number) => {
      await until(
        () => anyUrl() !== null,
        startMs,
        () => `No replica starts. ${replicas.map((one) => one.said).join("\n")}`,
      );
      for (let n = things; n > 0; n--) {
        const act = people.act(anyUrl());
        const patience = random.int(600);
        await Promise.race([act, sleep(patience)]);
        act.catch(() => {});
        report.edits++;
      }
    };
    for (let killed = 0; killed < kills; killed++) {
      // What is under way when the kill comes is what people have just done.
      await work(1 + random.int(4));
      await sleep(random.int(900));
      if (random.next() < 0.15) {
        const ended = new Promise((resolve) => redis.process.once("exit", resolve));
        redis.process.kill("SIGKILL");
        await ended;
        await sleep(random.int(300));
        redis = await startRedis();
        report.redisKills++;
      } else {
        const alive = replicas.filter((one) => one.url !== null);
        const one = random.pick(alive.length > 0 ? alive : replicas);
        one.kill();
        report[one.isWorker ? "workerKills" : "gatewayKills"]++;
      }
      if ((killed + 1) % 25 === 0) onProgress(`${killed + 1} of ${kills} kills, ${report.edits} things done by people`);
    }
    await work(acts);

    for (const system of systems) proxies[system].calm();
    await until(
      () => anyUrl() !== null,
      startMs,
      () => "No replica starts at the end.",
    );
    const end = Date.now() + calmMs;
    while ((await people.await(anyUrl())) > 0 && Date.now() < end) await sleep(200);
    await Promise.all(replicas.map((replica) => replica.stop()));
    const broken = await rest({ exact, customcrm, people, redisUrl, dir, key, ablation, shown: proxies.EXACT.shown });
    const faults = Object.fromEntries(
      [...new Set(network.faults)].map((name) => [name, systems.reduce((sum, one) => sum + (proxies[one].faults.get(name) ?? 0), 0)]),
    );
    return { ...report, ...broken, mutations: people.sent.length, runs: people.runs.length, faults };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
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
