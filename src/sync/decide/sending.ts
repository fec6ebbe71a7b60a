import type { CanonicalValue, Fields } from "../../domain/canonical.js";
import type { Entity } from "../../domain/entity.js";
import type { Properties } from "../../domain/record.js";
import { otherSystem, type System, systems } from "../../domain/words.js";
import { externalIdFor, heldFor, ownProperties } from "./extras.js";
import type { PlannedWrite } from "./observation.js";
import type { Obstacle } from "./obstacles.js";
import { blockOn, pausedFor, refusalObstacle, refusalsOf } from "./obstacles.js";
import { overruledUnder } from "./overtaken.js";
import { ambiguousOn } from "./own-writes.js";
import { pick, same, valuesOf } from "./units.js";
import type { Verdict } from "./verdict.js";
import { said, type View } from "./view.js";

/** What is sent now for a linked pair, and what holds the rest back. */
export interface Sending {
  readonly writes: readonly PlannedWrite[];
  /** Moves by itself, or when the dataflow is resumed. */
  readonly held: readonly Obstacle[];
  readonly refused: readonly Obstacle[];
  readonly refusals: NonNullable<Entity["refused"]>;
  /** What a side is to hold instead of what it shows, by `<system>.<field>`: sent now, once nothing holds it back, or under way already. */
  readonly due: ReadonlyMap<string, CanonicalValue>;
}

/** The writes, the stricter side first, so that a refusal there leaves the other side untouched. */
export function sendingOf(view: View, verdicts: readonly Verdict[]): Sending {
  const sides = [...systems].reverse().map((system) => sendingTo(view, verdicts, system));
  const writes = sides.flatMap((side) => side.write ?? []);
  return {
    writes,
    held: sides.flatMap((side) => side.held),
    refused: sides.flatMap((side) => side.refusals.map(refusalObstacle)),
    refusals: sides.flatMap((side) => side.refusals),
    due: new Map(
      sides.flatMap((side) =>
        Object.entries({ ...overruledUnder(view, verdicts, side.system), ...underWay(view, verdicts, side.system), ...side.due }).map(([field, value]) => [
          `${side.system}.${field}`,
          value,
        ]),
      ),
    ),
  };
}

/** What a write whose outcome nobody knows may put in place of what the side shows: a person may have edited it since it was sent. */
const underWay = ({ own }: View, verdicts: readonly Verdict[], system: System): Fields =>
  pick(Object.assign({}, ...verdicts.map((one) => one.send[system])), Object.keys(ambiguousOn(own.intents, system)?.fields ?? {}));

interface SideSending {
  readonly system: System;
  readonly due: Fields;
  readonly write: PlannedWrite | null;
  readonly held: readonly Obstacle[];
  readonly refusals: NonNullable<Entity["refused"]>;
}

function sendingTo(view: View, verdicts: readonly Verdict[], system: System): SideSending {
  const { observation, present, own, values } = view;
  const { entity, flow } = observation;
  const due = verdicts.filter((one) => Object.keys(one.send[system]).length > 0 && !waitsForExact(view, one, system));
  const going = due.filter((one) => pausedFor(observation, one.isWanted) === null);
  // A pause holds the counterpart's id as well: it waits, so that it is told when the dataflow is resumed.
  const idHeld = system === "CUSTOMCRM" && view.isIdOwed && externalIdFor(flow, entity, present.CUSTOMCRM.record) !== null && pausedFor(observation, false);
  const paused = [...due.flatMap((one) => pausedFor(observation, one.isWanted) ?? []), ...(idHeld ? [idHeld] : [])].slice(0, 1);

  const all: Fields = Object.assign({}, ...going.map((one) => one.send[system]));
  const refusals = Object.keys(all).length > 0 ? refusalsOf(flow, entity, system, "UPDATE", all) : [];
  const fields = pick(
    all,
    Object.keys(all).filter((field) => !refusals.some((one) => one.fields.includes(field))),
  );
  const extra = system === "CUSTOMCRM" ? extraFor(view, Object.keys(fields).length > 0) : {};
  const block = blockOn(observation, own.intents, system);
  if (Object.keys(fields).length === 0 && Object.keys(extra).length === 0) {
    // A write whose outcome nobody knows may still land, even if nothing is owed any more.
    return { system, due: fields, write: null, held: ambiguousOn(own.intents, system) && block ? [...paused, block] : paused, refusals };
  }
  if (block) return { system, due: fields, write: null, held: [...paused, block], refusals };

  // The other side's values are the source only where that side holds what is sent: a mutation's values come from neither.
  const other = otherSystem(system);
  const sourced = going.filter((one) => one.merged.winner !== null && same(valuesOf(values[other], one.unit), one.merged.winner));
  const write: PlannedWrite = {
    system,
    operation: "UPDATE",
    recordId: entity.records[system],
    fields,
    source: pick(
      said(view, other),
      sourced.flatMap((one) => Object.keys(one.send[system])).filter((field) => field in fields),
    ),
    over: pick(present[system].fields, Object.keys(fields)),
    extra,
    extraOver: heldFor(present[system].record, extra),
  };
  return { system, due: fields, write, held: paused, refusals };
}

/** A mutation's value goes to Customcrm only once Exact, the stricter side, has taken it: what is refused there must leave no trace here. */
const waitsForExact = ({ observation, own }: View, one: Verdict, system: System): boolean =>
  system === "CUSTOMCRM" && one.isWanted && Object.keys(one.send.EXACT).length > 0 && blockOn(observation, own.intents, "EXACT") !== null;

/** Beside the fields: what a mutation sets in Customcrm alone, and the counterpart's id, which goes alone only after our own create. */
function extraFor({ observation, present, isIdOwed }: View, isWriting: boolean): Properties {
  const { entity, flow } = observation;
  const own = pausedFor(observation, true) ? {} : ownProperties(flow, entity, present.CUSTOMCRM.record);
  const externalId = externalIdFor(flow, entity, present.CUSTOMCRM.record);
  const isTold = isWriting || Object.keys(own).length > 0 || (isIdOwed && pausedFor(observation, false) === null);
  return externalId !== null && isTold ? { ...own, [flow.externalId]: externalId } : own;
}
