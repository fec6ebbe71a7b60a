import type { Fields } from "../../domain/canonical.js";
import type { Entity } from "../../domain/entity.js";
import { type System, systems } from "../../domain/words.js";

/** What a person would call it: an account's or product's name, a contact's full name. */
export const nameOfFields = (fields: Fields): string => fields.name ?? [fields.firstName, fields.lastName].filter((part) => part).join(" ");

/** The name, with enough beside it to tell two of one name apart. */
export function labelOf(fields: Fields): string {
  const name = nameOfFields(fields) || "without a name";
  const beside = [fields.city, fields.email].filter((part) => part);
  return beside.length > 0 ? `${name} (${beside.join(", ")})` : name;
}

/** The only side that an entity has a record on; null when it has both or none. */
export function sideOf(entity: Entity): System | null {
  const present = systems.filter((system) => entity.records[system] !== null);
  return present.length === 1 ? (present[0] ?? null) : null;
}

export const titleOf = (system: System): string => (system === "CUSTOMCRM" ? "Customcrm" : "Exact Online");
