import type { ExactType } from "../../domain/words.js";

/** Where a type's records are, below the division. */
export interface Place {
  /** Read and written one by one, listed sixty a page. */
  readonly one: string;
  /** The same, a thousand a page. */
  readonly bulk: string;
  readonly sync: string;
  /** The scope that the app needs for it. */
  readonly scope: string;
  /** The log of deletions calls it so. */
  readonly deletedAs: number;
}

const placeIn = (service: string, type: ExactType, scope: string, deletedAs: number): Place => ({
  one: `${service.toLowerCase()}/${type}`,
  bulk: `bulk/${service}/${type}`,
  sync: `sync/${service}/${type}`,
  scope,
  deletedAs,
});

export const places: { readonly [T in ExactType]: Place } = {
  Accounts: placeIn("CRM", "Accounts", "crm accounts", 2),
  Contacts: placeIn("CRM", "Contacts", "crm accounts", 5),
  Items: placeIn("Logistics", "Items", "logistics items", 9),
};

export const isExactType = (name: string): name is ExactType => Object.hasOwn(places, name);
