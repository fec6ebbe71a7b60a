import type { GraphQLResolveInfo } from "graphql";
import type { EntityType } from "../domain/words.js";
import type { RequestContext } from "./context.js";
import type { EntityReading } from "./entities.js";
import type { EntityObject } from "./entity-objects.js";

/** What another subgraph knows of an entity: one of its ids. */
interface Representation {
  readonly id?: string | null;
  readonly customcrmId?: string | null;
  readonly exactId?: string | null;
}
type ReferenceResolver = (reference: Representation, context: RequestContext, info: GraphQLResolveInfo) => Promise<EntityObject | null>;

/** Entities by the keys of the federation; those of one request are found together. */
export function referenceResolvers(entities: EntityReading): { readonly [type: string]: ReferenceResolver } {
  const resolverOf =
    (type: EntityType): ReferenceResolver =>
    ({ id, customcrmId, exactId }, context, info) => {
      // A router may send more than one key; any of them will do.
      const by = id ? { id } : customcrmId ? { customcrmId } : { exactId: exactId ?? null };
      return entities.byRef(context, info, type, by, null);
    };
  return { Account: resolverOf("ACCOUNT"), Contact: resolverOf("CONTACT"), Product: resolverOf("PRODUCT") };
}
