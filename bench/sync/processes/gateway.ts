import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { type App, createApp } from "../../../src/app.js";
import { parseConfig } from "../../../src/config.js";
import { type Links, linksOf, type SandboxParts } from "../../../src/connect.js";
import type { FeedPage } from "../../../src/connectors/connector.js";
import { dataflows, fieldsOf } from "../../../src/domain/dataflow.js";
import { type EntityType, type LinkState, type System, systems } from "../../../src/domain/words.js";
import { unreadFeed } from "../../../src/store/store.js";
import { observe } from "../../../src/sync/observe.js";
import { encryptionKey, withoutLimits } from "../given.js";
import { memory } from "../memory.js";
import { serve } from "../rpc.js";

export interface GatewayOptions {
  readonly redisUrl: string;
  readonly tenant: string;
  readonly origins: { readonly exact: string; readonly customcrm: string };
  readonly code: string;
  /** "api": does nothing until it is told to. */
  readonly role: "all" | "api";
}

export interface LinkedRecord {
  readonly id: string;
  readonly type: EntityType;
  readonly state: LinkState;
  readonly code: string | null;
  readonly CUSTOMCRM: string | null;
  readonly EXACT: string | null;
}

let app: App | null = null;
let links: Links | null = null;
const running = (): App => {
  if (!app) throw new Error("The gateway does not run.");
  return app;
};

async function start({ redisUrl, tenant, origins, code, role }: GatewayOptions): Promise<App> {
  const dataDir = await mkdtemp(join(tmpdir(), "tandem-bench-"));
  process.on("exit", () => void rm(dataDir, { recursive: true, force: true }));
  const config = parseConfig({ PORT: "0", TANDEM_DATA_DIR: dataDir, ENCRYPTION_KEY: encryptionKey, SYNC_INTERVAL_SECONDS: "3600", ROLE: role });
  const sandboxes: SandboxParts = { exact: { origin: origins.exact, issueCode: () => code }, customcrm: { origin: origins.customcrm } };
  const log = pino({ level: process.env.BENCH_LOG ?? "silent" });
  const started = await createApp(config, { redisUrl, tenant, sandboxes, budgetRules: withoutLimits, log });
  links = linksOf({ config, store: started.store, clock: Date.now, log, rules: withoutLimits, flows: dataflows, sandboxes });
  return started;
}

/** Both systems' feeds from their beginning, parsed and thrown away. */
async function readBare(): Promise<void> {
  if (!links) throw new Error("The gateway does not run.");
  for (const connector of [links.customcrm, links.exact]) {
    for (const { name } of connector.feeds) {
      for (let position: string | null = null, more = true; more; ) {
        const page: FeedPage = await connector.readFeed(name, position, { class: "poll" });
        ({ position, more } = page);
      }
    }
  }
}

/** The other side of each edit is written by its connector, one call after the other. */
async function writeSerially(moved: readonly { readonly pair: LinkedRecord; readonly isExact: boolean; readonly city: string }[]): Promise<void> {
  if (!links) throw new Error("The gateway does not run.");
  for (const { pair, isExact, city } of moved) {
    if (isExact) await links.customcrm.update("Customer", pair.CUSTOMCRM ?? "", { City: city }, null, { class: "change" });
    else await links.exact.update("Accounts", pair.EXACT ?? "", { City: city }, null, { class: "change" });
  }
}

/** Two-way fields of linked entities that are not the same on both sides; a reference is the same entity's record on each. */
async function unequalFields(): Promise<readonly string[]> {
  const { store } = running();
  const found: string[] = [];
  for (const flow of dataflows) {
    const rows = flow.rows.filter((row) => row.direction === "BOTH" && !row.refersTo);
    for await (const entities of store.entities.scan(flow.type)) {
      const linked = entities.filter((one) => one.state === "LINKED");
      for (const { entity, sides } of (await observe(store, dataflows, linked)).seen) {
        if (sides.CUSTOMCRM.kind !== "present" || sides.EXACT.kind !== "present") {
          found.push(`${entity.id}: a side is missing`);
          continue;
        }
        const [crm, exact] = [fieldsOf(flow, sides.CUSTOMCRM.record), fieldsOf(flow, sides.EXACT.record)];
        for (const { field } of rows) if ((crm[field] ?? null) !== (exact[field] ?? null)) found.push(`${entity.id}.${field}`);
      }
    }
  }
  return found;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

async function pollBoth(): Promise<void> {
  for (const system of systems) await running().engine.poll(system);
}

const work = {
  start: async (options: GatewayOptions) => {
    app = await start(options);
  },
  ready: () => running().ready,
  /** Waits until nothing is marked, and for `restMs` nothing was; gives how long that took, without the rest. */
  quiet: async (restMs: number) => {
    const began = performance.now();
    let last = began;
    while (performance.now() - last < restMs) {
      if ((await running().store.feeds.countDirty()) > 0 || running().engine.isDraining) last = performance.now();
      await sleep(100);
    }
    return last - began;
  },
  poll: () => timed(pollBoth),
  /** The gateway's own jobs may be at it already: then it is over when they are. */
  drain: () =>
    timed(async () => {
      const { engine } = running();
      for (await engine.drain(); engine.isDraining; await engine.drain()) await sleep(20);
    }),
  compare: (system: System) => timed(() => running().engine.compare(system)),
  /** As if no feed had ever been read. */
  resetCursors: async (feeds: readonly (readonly [System, string])[]) => {
    for (const [system, feed] of feeds) await running().store.feeds.advance(system, feed, unreadFeed, []);
  },
  /** As if what was read of these feeds lay further back than their overlap: the next poll does not show it again. */
  passOverlap: async (feeds: readonly (readonly [System, string])[]) => {
    for (const [system, feed] of feeds) {
      const state = await running().store.feeds.get(system, feed);
      await running().store.feeds.advance(system, feed, { ...state, seen: state.seen.map((one) => ({ ...one, at: 0 })) }, []);
    }
    await pollBoth();
  },
  /** `what`: every entity, or only the pairs that are linked. */
  mark: async (what: "all" | "pairs") => {
    const { entities, feeds } = running().store;
    let marked = 0;
    for (const type of ["ACCOUNT", "CONTACT", "PRODUCT"] as const) {
      for await (const batch of entities.scan(type)) {
        const wanted = batch.filter(({ state }) => what === "all" || state === "LINKED");
        marked += wanted.length;
        await feeds.markDirty(wanted.map(({ id }) => id));
      }
    }
    return marked;
  },
  memory,
  readBare: () => timed(readBare),
  writeSerially: (moved: Parameters<typeof writeSerially>[0]) => timed(() => writeSerially(moved)),
  unequalFields,
  entities: async () => {
    const all: LinkedRecord[] = [];
    for (const type of ["ACCOUNT", "CONTACT", "PRODUCT"] as const) {
      for await (const batch of running().store.entities.scan(type)) {
        all.push(...batch.map(({ id, state, problem, records }) => ({ id, type, state, code: problem?.code ?? null, ...records })));
      }
    }
    return all;
  },
  stop: async () => {
    await links?.stop();
    await running().stop();
  },
};
export type Gateway = typeof work;
serve(work);
