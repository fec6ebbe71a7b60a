import type { Fields } from "../../domain/canonical.js";
import type { System } from "../../domain/words.js";
import { type Content, contentOf } from "./creation.js";
import { type Draft, planOf } from "./draft.js";
import { planEnded } from "./gone.js";
import { currentIdentity, shown } from "./identity.js";
import { nameOfFields, titleOf } from "./label.js";
import type { Observation, Plan } from "./observation.js";
import { blockOn, pausedFor, refusalObstacle, refusalsOf } from "./obstacles.js";
import { explain } from "./own-writes.js";
import { pick } from "./units.js";
import { translationOf } from "./view.js";

/**
 * An entity that only a mutation knows yet: it is created in Exact first, and in Customcrm from there. Where Exact must wait
 * for a reference, Customcrm need not.
 */
export function planNewcomer(observation: Observation): Plan {
  const { entity, flow } = observation;
  if (entity.wanted?.kind !== "CREATE") return planEnded(observation, "GATEWAY");
  const translation = translationOf(observation);
  const own = explain(observation);
  const values: Fields = pick(
    currentIdentity(translation, entity.wanted.set),
    flow.rows.map((row) => row.field),
  );
  const next = { fields: shown(translation, values), intents: own.intents };
  const stop = (kind: Draft["kind"], state: Draft["state"], obstacle: Draft["obstacle"]) =>
    planOf(observation, { kind, state, obstacle, reason: obstacle?.message ?? "", next });

  const contents = { EXACT: contentOf(observation, "EXACT", values), CUSTOMCRM: contentOf(observation, "CUSTOMCRM", values) };
  const failing = [contents.EXACT, contents.CUSTOMCRM].flatMap((content) => content.failing)[0];
  if (failing) return stop("NONE", "FAILED", failing);
  const held = pausedFor(observation, true) ?? blockOn(observation, own.intents, "EXACT") ?? blockOn(observation, own.intents, "CUSTOMCRM");
  if (held) return stop("WAIT", "PENDING", held);
  const target = (["EXACT", "CUSTOMCRM"] satisfies System[]).find((system) => contents[system].waiting.length === 0);
  if (!target) return stop("WAIT", "WAITING", contents.EXACT.waiting[0] ?? null);
  const content: Content = contents[target];
  const refusal = refusalsOf(flow, entity, target, "CREATE", content.fields)[0];
  if (refusal) return stop("NONE", "FAILED", refusalObstacle(refusal));
  return planOf(observation, {
    kind: "CREATE",
    state: "PENDING",
    obstacle: null,
    reason: `${titleOf(target)} gets a new record for ${nameOfFields(values)}: asked for through the gateway.`,
    writes: [{ system: target, operation: "CREATE", recordId: null, fields: content.fields, source: {}, over: {}, extra: content.extra }],
    next,
    told: Object.keys(content.fields).map((field) => ({
      kind: "CREATED",
      source: "GATEWAY",
      isTold: true,
      change: { field, before: null, after: values[field] ?? null, lost: null, lostFrom: null, decidedBy: null },
    })),
  });
}
