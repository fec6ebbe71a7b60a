import type { Entity as EntityDocument, Intent } from "../domain/entity.js";
import type { EntityType } from "../domain/words.js";
import type { Account } from "../schema/account.type.js";
import type { Contact } from "../schema/contact.type.js";
import type { Link, PendingWrite } from "../schema/link.type.js";
import type { Product } from "../schema/product.type.js";
import { nameOfFields } from "../sync/decide/label.js";
import type { EntityView } from "./loaders.js";

/** What field resolvers find behind an entity or a link of an answer. */
export interface Viewed {
  readonly view: EntityView;
}
export type AccountObject = Account & Viewed;
export type ContactObject = Contact & Viewed;
export type ProductObject = Product & Viewed;
export type LinkObject = Link & Viewed;
export type EntityObject = AccountObject | ContactObject | ProductObject;

/** What the schema calls them. */
export const typeNames: { readonly [T in EntityType]: string } = { ACCOUNT: "Account", CONTACT: "Contact", PRODUCT: "Product" };

/** An entity as the API shows it. The unified fields have the same names in the dataflow table and in the schema. */
export function entityObject(view: EntityView): EntityObject {
  // The table, not the compiler, says which fields a type has; a test holds the two together.
  return new Shown(view) as unknown as EntityObject;
}

class Shown {
  readonly view: EntityView;

  constructor(view: EntityView) {
    const { entity, fields, modifiedAt } = view;
    this.view = view;
    const shown = { __typename: typeNames[entity.type], id: entity.id, customcrmId: entity.records.CUSTOMCRM, exactId: entity.records.EXACT, modifiedAt };
    Object.assign(this, fields, shown, { name: fields.name ?? "", fullName: nameOfFields(fields) });
  }

  /** Made where it is asked for. */
  get link(): LinkObject {
    return linkObject(this.view);
  }
}

export function linkObject(view: EntityView): LinkObject {
  const { entity } = view;
  return {
    view,
    state: entity.state,
    version: entity.version,
    type: entity.type,
    customcrmId: entity.records.CUSTOMCRM,
    exactId: entity.records.EXACT,
    origin: entity.origin,
    linkedAt: entity.linkedAt,
    syncedAt: entity.syncedAt,
    problem: entity.problem,
    pending: entity.intents.filter((intent) => !intent.givenUpAt).map(pendingWrite),
    conflicts: entity.conflicts,
  };
}

const pendingWrite = ({ system, operation, fields, queuedAt, attempts, nextAttemptAt, lastError }: Intent): PendingWrite => ({
  system,
  operation,
  fields: Object.keys(fields),
  queuedAt,
  attempts,
  nextAttemptAt,
  lastError,
});

/** An entity as it is stored, without looking at its records. */
export const storedView = (entity: EntityDocument): EntityView => ({ entity, fields: entity.fields, modifiedAt: entity.modifiedAt, maxAge: null, stale: [] });
