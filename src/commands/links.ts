import { createInterface } from "node:readline";
import type { Dataflow } from "../domain/dataflow.js";
import { InvalidInputError } from "../domain/errors.js";
import type { Clock } from "../domain/words.js";
import type { Store } from "../store/store.js";
import { exportLinks } from "../sync/link-map/export.js";
import { importLinks } from "../sync/link-map/import.js";
import { type LinkMapLine, parseLine } from "../sync/link-map/line.js";
import { type RebuildParts, rebuildLinks } from "../sync/link-map/rebuild.js";
import { checkTargets, retarget } from "../sync/link-map/retarget.js";

export interface LinksWorld {
  readonly store: Store;
  readonly flows: readonly Dataflow[];
  /** With both systems at hand; only a rebuild reads them. */
  readonly openParts: () => Promise<{ readonly value: RebuildParts; stop(): Promise<void> }>;
  /** Where the lines go, and where they come from. */
  readonly write: (text: string) => Promise<void>;
  readonly input: NodeJS.ReadableStream;
  readonly clock: Clock;
  /** For a person: never into the lines. */
  readonly say: (text: string) => void;
}

export const linksHelp = `npm run links -- export > links.ndjson     writes the link map, a line for each entity
npm run links -- import < links.ndjson     puts it back; what is there already stays
npm run links -- rebuild                   makes it anew from both systems: by ExternalId, then by matching
npm run links -- retarget                  after dataflow.yml keeps a type as other records of Exact: cuts the links to the old ones

import, rebuild and retarget want the gateway stopped where it has a Redis of its own. rebuild writes to neither system, and leaves the
products paused while one of them has no counterpart. retarget writes to neither system either, and leaves the dataflow waiting for
a person who has seen the plan.
`;

/** Returns the exit code. Everything happens in the store: no gateway is asked. */
export async function linksCommand([command, ...more]: readonly string[], world: LinksWorld): Promise<number> {
  const { store, flows, write, say, input } = world;
  if (more.length > 0) throw new InvalidInputError(`${linksHelp}\nGot ${more.join(" ")} as well.`);
  switch (command) {
    case "export": {
      let count = 0;
      for await (const line of exportLinks(store, flows)) {
        await write(`${JSON.stringify(line)}\n`);
        if (line.kind === "entity") count++;
      }
      say(`${count} entities written.\n`);
      return 0;
    }
    case "import": {
      await checkTargets(store, flows);
      const { imported, known, taken } = await importLinks(store, flows, linesOf(input));
      say(`${imported} entities imported, ${known} were there already.\n`);
      if (taken.length > 0) say(`${taken.length} were not imported, as a record of theirs belongs to another entity: ${taken.slice(0, 20).join(", ")}.\n`);
      return taken.length > 0 ? 1 : 0;
    }
    case "rebuild":
      await checkTargets(store, flows);
      return rebuild(world);
    case "retarget": {
      const { cut, forgotten } = await retarget(store, flows, world.clock());
      say(`${cut} links cut, ${forgotten} records of Exact forgotten. See the plan with sync(dryRun: true), then resumeDataflow.\n`);
      return 0;
    }
    default:
      say(linksHelp);
      return command === undefined || command === "--help" ? 0 : 1;
  }
}

async function rebuild({ openParts, say }: LinksWorld): Promise<number> {
  const parts = await openParts();
  let read = 0;
  let told = 0;
  try {
    const { byExternalId, byMatching, unlinked, productsPaused } = await rebuildLinks(parts.value, (records) => {
      read += records;
      if (read - told < 5_000) return;
      told = read;
      say(`${read} records read …\n`);
    });
    say(`${read} records read; ${byExternalId} linked by ExternalId, ${byMatching} by matching, ${unlinked} without a counterpart.\n`);
    if (productsPaused) say("Products stay paused: link those that have a counterpart with linkRecords, then resumeDataflow(type: PRODUCT).\n");
    return 0;
  } finally {
    await parts.stop();
  }
}

async function* linesOf(input: NodeJS.ReadableStream): AsyncIterable<LinkMapLine> {
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() !== "") yield parseLine(line, number);
  }
}
