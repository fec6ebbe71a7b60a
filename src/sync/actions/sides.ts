import type { Fields } from "../../domain/canonical.js";
import { type Dataflow, dataflowOf, fieldsOf } from "../../domain/dataflow.js";
import type { Entity } from "../../domain/entity.js";
import type { System } from "../../domain/words.js";
import { toIdentity } from "../decide/identity.js";
import { observe } from "../observe.js";
import type { ActionParts } from "./parts.js";

/** What each side shows of an entity, references as entity ids; null for a side that has nothing, or nothing is known of. */
export type SideValues = { readonly [S in System]: Fields | null };

/** `exactFlow`: what Exact's record would be, were it by itself; by default what the entity is. */
export async function valuesOfSides({ store, settings }: ActionParts, entity: Entity, exactFlow?: Dataflow): Promise<SideValues> {
  const own = dataflowOf(settings.flows, entity.type);
  const { seen, references } = await observe(store, settings.flows, [entity]);
  const sides = seen[0]?.sides;
  const values = (system: System, flow: Dataflow, beside: Fields | null): Fields | null => {
    const side = sides?.[system];
    if (side?.kind !== "present") return null;
    return toIdentity({ flow, references, defaultAccount: settings.defaultAccount }, system, fieldsOf(flow, side.record), beside);
  };
  const customcrm = values("CUSTOMCRM", own, null);
  return { CUSTOMCRM: customcrm, EXACT: values("EXACT", exactFlow ?? own, exactFlow ? null : customcrm) };
}

/** A record that no entity knows is shown as none. */
export const withoutUnknown = (flow: Dataflow, fields: Fields): Fields => ({
  ...fields,
  ...Object.fromEntries(flow.rows.filter((row) => row.refersTo && fields[row.field]?.startsWith("?")).map((row) => [row.field, null])),
});
