import { type GraphQLResolveInfo, responsePathAsArray } from "graphql";
import type { SystemError } from "../domain/errors.js";
import { type IsoTime, type System, systems } from "../domain/words.js";
import type { RecordReading } from "./live-reads.js";
import type { EntityView } from "./loaders.js";
import { isSelected } from "./selection.js";

/** Something that is wrong with an answer although its data is there. */
export interface Note {
  readonly error: SystemError;
  readonly path: readonly (string | number)[];
  /** The time of the reading that is shown instead of a fresh one; the oldest where it stands for several. */
  readonly asOf: IsoTime | null;
}

/** Collects, while a request is answered, the errors that go beside its data. */
export class Notes {
  readonly #all = new Map<string, Note>();

  get all(): readonly Note[] {
    return [...this.#all.values()];
  }

  /** A record is shown as it was last read, since it could not be read now. */
  record(info: GraphQLResolveInfo, { error, snapshot }: RecordReading): void {
    if (!error) return;
    const path = responsePathAsArray(info.path);
    this.#all.set(JSON.stringify(path), { error, path, asOf: snapshot?.asOf ?? null });
  }

  /**
   * Unified fields rest on records that could not be read now. Said once per system for all of a list, and not where the
   * record itself is asked for: there it is said of each.
   */
  entities(info: GraphQLResolveInfo, views: readonly EntityView[], ...below: readonly string[][]): void {
    for (const system of systems) {
      const field = recordFields[system];
      const isTold = (below.length > 0 ? below : [[]]).some((path) => isSelected(info, ...path, field));
      const stale = views.flatMap((view) => view.stale.filter((one) => one.system === system));
      if (isTold || stale.length === 0) continue;
      this.#unified(
        info,
        stale.map(({ reading }) => reading),
      );
    }
  }

  #unified(info: GraphQLResolveInfo, readings: readonly RecordReading[]): void {
    const path = responsePathAsArray(info.path);
    for (const { error, snapshot } of readings) {
      if (!error) continue;
      // Lists below the entities of a list fail alike: one note tells it.
      const key = `${error.system} ${error.code} ${path.filter((step) => typeof step === "string").join(".")}`;
      const told = this.#all.get(key);
      const times = [told?.asOf, snapshot?.asOf].filter((time) => typeof time === "string").sort();
      this.#all.set(key, { error, path: told?.path ?? path, asOf: times[0] ?? null });
    }
  }
}

/** The field of an entity that shows a system's own record. */
const recordFields: { readonly [S in System]: string } = { CUSTOMCRM: "customcrm", EXACT: "exact" };
