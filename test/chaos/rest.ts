import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { type App, createApp } from "../../src/app.js";
import { parseConfig } from "../../src/config.js";
import { entityTypes, type System, systems } from "../../src/domain/words.js";
import type { CustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import type { ExactSandbox } from "../../src/sandbox/exact/index.js";
import { holdings } from "../helpers/promises.js";
import { check, type Found } from "./check.js";
import type { People } from "./people.js";
import { settingsWithout } from "./settings.js";

/** How long it may take until nothing is owed any more; a busy machine takes its time. */
export const calmMs = 240_000;

interface RestParts {
  readonly exact: ExactSandbox;
  readonly customcrm: CustomcrmSandbox;
  readonly people: People;
  readonly redisUrl: string;
  readonly dir: string;
  readonly key: string;
  readonly ablation: string | null;
  readonly shown: ReadonlySet<string>;
}

/** A gateway that nobody disturbs brings all to its end; then it is checked, and read anew from the start. */
export async function rest({ exact, customcrm, people, redisUrl, dir, key, ablation, shown }: RestParts): Promise<Found> {
  const config = parseConfig({ PORT: "0", ROLE: "api", ENCRYPTION_KEY: key, TANDEM_DATA_DIR: dir });
  const app = await createApp(config, {
    ...settingsWithout(ablation),
    redisUrl,
    tenant: "chaos",
    log: pino({ level: "silent" }),
    sandboxes: { exact, customcrm },
  });
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
