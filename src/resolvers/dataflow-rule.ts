import { type CreateRule, type Dataflow } from "../domain/dataflow.js";
import type { EntityType } from "../domain/words.js";

/** A dataflow's rule in words, built from the table that the sync works by. */
export function ruleSentence(flow: Dataflow): string {
  const { customcrm, exact, create, match, externalId } = flow;
  return [
    `Every Customcrm ${customcrm} is synchronized with an Exact ${exact} record, and the other way round: once linked, they stay in sync wherever they are edited.`,
    match.length === 0
      ? "Counterparts are never looked for: they are created, or linked by hand."
      : `A counterpart is looked for first, by ${match.map((fields) => fields.join(" with ")).join(", then ")}.`,
    `In Exact, ${creation(create.toExact, `a ${customcrm}`, exact)}`,
    `In Customcrm, ${creation(create.toCustomcrm, `an Exact ${exact} record`, customcrm)}`,
    `The Exact id is kept in the ${externalId} of the ${customcrm}.`,
  ].join(" ");
}

function creation(rule: CreateRule, source: string, target: string): string {
  switch (rule.kind) {
    case "always":
      return `${target} is created for ${source} that has none.`;
    case "never":
      return `${target} is never created for ${source} that has none.`;
    case "whenReferenced":
      return `${target} is created for ${source} that has none once ${rule.by.map(typeWord).join(" or ")} refers to it.`;
    case "when":
      return `${target} is created for ${source} that has none if its ${rule.filter.field} is "${rule.filter.equals}": ${rule.reason}`;
  }
}

const typeWord = (type: EntityType): string => ({ ACCOUNT: "an account", CONTACT: "a contact", PRODUCT: "a product" })[type];
