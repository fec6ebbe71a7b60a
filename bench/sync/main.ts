import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { makeSeed } from "../../src/sandbox/seed/index.js";
import { endRedisServer, startRedisServer } from "../../src/store/redis-server.js";
import { type Bytes, bytesPerPair } from "./bytes.js";
import { feeds, redirectUri } from "./given.js";
import type { Gateway, LinkedRecord } from "./processes/gateway.js";
import type { Edit, Systems } from "./processes/systems.js";
import { Child } from "./rpc.js";
import { judge, type Verdict } from "./truth.js";

export interface BenchOptions {
  readonly customers: number;
  readonly root: string;
  readonly binary: string;
  print(text: string): void;
}

type Counts = Readonly<Record<"CUSTOMCRM" | "EXACT", Readonly<Record<string, number>>>>;

const seedName = "tandem";
const tenant = "bench";
const restMs = 1_500;

/** A first contact of two systems of known truth, and what keeping them in sync costs after it; writes bench/sync/results.md. */
export async function benchSync({ customers, root, binary, print }: BenchOptions): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "tandem-bench-"));
  const socket = join(dataDir, "s");
  const redisUrl = `unix://${socket}`;
  const load = loadavg()[0] ?? 0;
  const redis = await startRedisServer({ binary, dataDir, durable: false, socket, url: redisUrl });
  const systems = Child.start<Systems>("systems");
  const gateway = Child.start<Gateway>("gateway", ["--expose-gc"]);
  const rows: (readonly [string, string])[] = [];
  const note = (what: string, value: string) => {
    rows.push([what, value]);
    print(`${what}: ${value}\n`);
  };
  try {
    const origins = await systems.ask("start", { seed: seedName, customers });
    const began = performance.now();
    await gateway.ask("start", { redisUrl, tenant, origins, code: await systems.ask("issueCode", redirectUri), role: "all" });
    await gateway.ask("ready");
    note("Time until all is linked", seconds(performance.now() - began));
    await gateway.ask("quiet", restMs);
    note("Time until all is written", seconds(performance.now() - began - restMs));
    const counts = await systems.ask("counts");
    const { peakMb } = await gateway.ask("memory");
    const entities = await gateway.ask("entities");
    notedTruth(note, judge(makeSeed(seedName, customers).truth, entities));
    noteCalls(note, counts, entities);
    note("Peak RSS of the gateway", `${Math.round(peakMb)} MB with ${recordsOf(entities)} records`);

    await settleWrites(note, gateway, systems);
    await noteEdits(note, gateway, systems, entities);
    await noteTenth(note, gateway, systems, entities);
    for (const system of ["EXACT", "CUSTOMCRM"] as const) await gateway.ask("compare", system);
    await gateway.ask("drain");
    note("Two-way fields that differ, after a full compare", String((await gateway.ask("unequalFields")).length));
    await noteCost(note, gateway, recordsOf(entities));
    noteBytes(note, await bytesPerPair(redisUrl, tenant, sampleOf(entities), entities.length));
    await gateway.ask("stop");
    await writeFile(join(root, "bench/sync/results.md"), await report(root, customers, load, rows));
  } finally {
    await gateway.stop();
    await systems.stop();
    await endRedisServer(redis);
    await rm(dataDir, { recursive: true, force: true });
  }
}

type Note = (what: string, value: string) => void;

function notedTruth(note: Note, { pairs, linked, wrong, duplicates, doubtful, inReview }: Verdict): void {
  note("Unambiguous pairs linked", `${linked} of ${pairs} (${((100 * linked) / pairs).toFixed(2)} %)`);
  note("Wrong links", String(wrong));
  note("Duplicates", String(duplicates));
  note("Ambiguous records in REVIEW", `${inReview} of ${doubtful}`);
}

const isWrite = (call: string) => /^(POST|PUT|PATCH|DELETE) /.test(call) && !/oauth|webhook/i.test(call);
const sum = (of: Readonly<Record<string, number>>, wanted: (call: string) => boolean) =>
  Object.entries(of).reduce((total, [call, count]) => total + (wanted(call) ? count : 0), 0);
const callsIn = (counts: Counts) => sum(counts.CUSTOMCRM, () => true) + sum(counts.EXACT, () => true);
const writesIn = (counts: Counts) => sum(counts.CUSTOMCRM, isWrite) + sum(counts.EXACT, isWrite);

function noteCalls(note: Note, counts: Counts, entities: readonly LinkedRecord[]): void {
  for (const [system, page] of [
    ["EXACT", 1000],
    ["CUSTOMCRM", 500],
  ] as const) {
    const records = entities.filter((one) => one[system] !== null).length;
    const writes = sum(counts[system], isWrite);
    const all = sum(counts[system], () => true);
    const floor = Math.ceil(records / page) + writes;
    note(
      `Calls to ${system} at first contact`,
      `${all}, of which ${writes} writes; floor ${floor} (one per ${page} records and per write): ${(all / floor).toFixed(2)}`,
    );
  }
}

async function settleWrites(note: Note, gateway: Child<Gateway>, systems: Child<Systems>): Promise<void> {
  await systems.ask("resetCounts");
  await gateway.ask("poll");
  await gateway.ask("drain");
  note("Writes in a second cycle", String(writesIn(await systems.ask("counts"))));
  await systems.ask("resetCounts");
  await gateway.ask("resetCursors", feeds);
  await gateway.ask("poll");
  await gateway.ask("drain");
  note("Writes after all cursors were reset", String(writesIn(await systems.ask("counts"))));
}

interface Moved {
  readonly pair: LinkedRecord;
  readonly isExact: boolean;
  readonly city: string;
}

/** So many linked accounts get another city, by turns in Exact and in Customcrm. */
async function moveAccounts(systems: Child<Systems>, entities: readonly LinkedRecord[], count: number, name: string): Promise<readonly Moved[]> {
  const pairs = entities.filter((one) => one.type === "ACCOUNT" && one.state === "LINKED").slice(0, count);
  const moved = pairs.map((pair, i) => ({ pair, isExact: i % 2 === 0, city: `${name} ${i}` }));
  await systems.ask(
    "edit",
    moved.map(
      ({ pair, isExact, city }): Edit =>
        isExact
          ? { system: "EXACT", type: "Accounts", id: pair.EXACT ?? "", values: { City: city } }
          : { system: "CUSTOMCRM", type: "Customer", id: pair.CUSTOMCRM ?? "", values: { City: city } },
    ),
  );
  return moved;
}

/** Edits of one field on either side; each must stand on the other after one poll. */
async function noteEdits(note: Note, gateway: Child<Gateway>, systems: Child<Systems>, entities: readonly LinkedRecord[]): Promise<void> {
  const wanted = await moveAccounts(systems, entities, 200, "Edited");
  await gateway.ask("poll");
  await gateway.ask("drain");
  const { CUSTOMCRM, EXACT } = await systems.ask("records");
  const arrived = wanted.filter(
    ({ pair, city }) => cityOf(CUSTOMCRM.Customer?.[pair.CUSTOMCRM ?? ""]) === city && cityOf(EXACT.Accounts?.[pair.EXACT ?? ""]) === city,
  );
  note("Edits on the other side after one poll", `${arrived.length} of ${wanted.length}`);
}

/**
 * A tenth of what is linked differs: how many calls a second the sync makes, against the same writes one after the other. What was read
 * before the edits lies further back than the overlap, as in life.
 */
async function noteTenth(note: Note, gateway: Child<Gateway>, systems: Child<Systems>, entities: readonly LinkedRecord[]): Promise<void> {
  const linked = entities.filter((one) => one.state === "LINKED").length;
  const paces: { readonly serial: number; readonly sync: number }[] = [];
  let count = 0;
  for (let round = 0; round < 3; round++) {
    await gateway.ask("passOverlap", feeds);
    const moved = await moveAccounts(systems, entities, Math.round(linked / 10), `Moved ${round},`);
    count = moved.length;
    await systems.ask("resetCounts");
    const ms = (await gateway.ask("poll")) + (await gateway.ask("drain"));
    const sync = callsIn(await systems.ask("counts")) / (ms / 1000);
    const serial = moved.length / ((await gateway.ask("writeSerially", moved)) / 1000);
    paces.push({ serial, sync });
    // What was written again is read, and needs nothing.
    await gateway.ask("poll");
    await gateway.ask("drain");
  }
  const ratio = median(paces.map((one) => one.sync / one.serial));
  note(
    `Calls per second with ${count} of ${linked} linked entities edited (median of 3)`,
    `${Math.round(median(paces.map((one) => one.sync)))}; the same writes one after the other ${Math.round(median(paces.map((one) => one.serial)))}: ${ratio.toFixed(2)}`,
  );
}

const cityOf = (record: unknown): unknown => Object.entries((record ?? {}) as object).find(([name]) => name === "City" || name === "city")?.[1];

async function noteCost(note: Note, gateway: Child<Gateway>, records: number): Promise<void> {
  const bare: number[] = [];
  const reread: number[] = [];
  for (let i = 0; i < 3; i++) {
    bare.push(await gateway.ask("readBare"));
    await gateway.ask("resetCursors", feeds);
    reread.push((await gateway.ask("poll")) + (await gateway.ask("drain")));
  }
  const settling: number[] = [];
  let pairs = 0;
  for (let i = 0; i < 3; i++) {
    pairs = await gateway.ask("mark", "pairs");
    settling.push(await gateway.ask("drain"));
  }
  const all = await gateway.ask("mark", "all");
  const matching = await gateway.ask("drain");
  const base = median(bare);
  const ofPairs = (base * 2 * pairs) / records;
  note("Reading and parsing both feeds, bare (median of 3)", seconds(base));
  note("Reading all again without differences", `${seconds(median(reread))}, ${(median(reread) / base).toFixed(2)} times bare`);
  note(
    `Settling ${pairs} linked pairs anew without differences (median of 3)`,
    `${seconds(median(settling))}; with the bare reading of their records ${((median(settling) + ofPairs) / ofPairs).toFixed(2)} times bare`,
  );
  note(`Settling all ${all} entities anew, those with one side matched anew`, seconds(matching));
}

function noteBytes(note: Note, { own, shared, parts }: Bytes): void {
  note(
    "Redis bytes per linked pair (median of its own keys, and its share of the indexes)",
    `${Math.round(own + shared)} (${Math.round(own)} and ${Math.round(shared)})`,
  );
  const largest = Object.entries(parts).slice(0, 8);
  note("Largest parts, bytes per entity", largest.map(([part, bytes]) => `${part} ${Math.round(bytes)}`).join(", "));
}

const recordTypes = { ACCOUNT: ["Customer", "Accounts"], CONTACT: ["Contact", "Contacts"], PRODUCT: ["Product", "Contacts"] } as const;

const sampleOf = (entities: readonly LinkedRecord[]) =>
  entities
    .filter((one) => one.CUSTOMCRM !== null && one.EXACT !== null)
    .filter((_, i) => i % 10 === 0)
    .map(({ id, type, CUSTOMCRM, EXACT }) => ({ id, refs: [`CUSTOMCRM:${recordTypes[type][0]}:${CUSTOMCRM}`, `EXACT:${recordTypes[type][1]}:${EXACT}`] }));

const recordsOf = (entities: readonly LinkedRecord[]) =>
  entities.reduce((total, one) => total + Number(one.CUSTOMCRM !== null) + Number(one.EXACT !== null), 0);
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function report(root: string, customers: number, load: number, rows: readonly (readonly [string, string])[]): Promise<string> {
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, load ${load.toFixed(1)} when it began`;
  const table = rows.map(([what, value]) => `| ${what} | ${value} |`).join("\n");
  return `# The sync, measured

By \`npm run bench:sync -- --accounts ${customers}\`: ${customers} accounts on either side about, seed "${seedName}", both sandboxes in a process of their own, no limits, Redis on a socket.

${machine}; Node ${process.versions.node}, redis ${dependencies.redis}, bullmq ${dependencies.bullmq}, undici ${dependencies.undici}.

| What | Measured |
| --- | --- |
${table}
`;
}
