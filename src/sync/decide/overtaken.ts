import type { Fields } from "../../domain/canonical.js";
import type { Intent } from "../../domain/entity.js";
import type { System } from "../../domain/words.js";
import { equal, pick } from "./units.js";
import type { Verdict } from "./verdict.js";
import type { View } from "./view.js";

/**
 * A write whose outcome nobody knows, where a person has entered another value since and that is to stand: it says so, as it may
 * still land over it. One that did land over it says so until that is put right, or until what it put there is to stand after all.
 */
export function withOvertaken(view: View, verdicts: readonly Verdict[], intent: Intent): readonly Intent[] {
  const { overtaken: before, ...rest } = intent;
  if (intent.operation !== "UPDATE" || intent.sentAt === null) return [intent];
  if (intent.givenUpAt) {
    const ours = overruledUnder(view, verdicts, intent.system);
    const open =
      before &&
      pick(
        before,
        Object.keys(before).filter((field) => !(field in ours)),
      );
    if (!open) return [intent];
    return Object.keys(open).length > 0 ? [{ ...intent, fields: pick(intent.fields, Object.keys(open)), overtaken: open }] : [];
  }
  const overtaken = standingOver(view, verdicts, intent);
  return [Object.keys(overtaken).length > 0 ? { ...rest, overtaken } : rest];
}

/** What its side shows instead of what the write puts there and of what it replaced, and is to keep. */
function standingOver({ present, values }: View, verdicts: readonly Verdict[], { system, fields, over = {} }: Intent): Fields {
  const shown = present[system].fields;
  const kept = verdicts.flatMap(({ unit, merged }) =>
    unit.rows.map((row) => row.field).filter((field) => merged.winner !== null && !merged.conflict && equal(merged.winner[field], values[system][field])),
  );
  const names = kept.filter((field) => field in fields && field in over && !equal(shown[field], fields[field]) && !equal(shown[field], over[field]));
  return pick(shown, names);
}

/** Of what a person had entered where now a late write of ours shows: what loses all the same, and what is to stand instead. */
export function overruledUnder({ own, values }: View, verdicts: readonly Verdict[], system: System): Fields {
  const winners: Fields = Object.assign({}, ...verdicts.map(({ merged }) => (merged.conflict ? {} : merged.winner)));
  return pick(
    winners,
    Object.keys(own.under[system]).filter((field) => !equal(winners[field], values[system][field])),
  );
}
