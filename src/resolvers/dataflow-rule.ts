import type { CreateRule, Dataflow } from "../domain/dataflow.js";
import type { EntityType } from "../domain/words.js";

/** A dataflow's rule in words, built from the table that the sync works by. */
export function ruleSentence({ customcrm, exact, create, match, externalId }: Dataflow): string {
  return [
    `Every Customcrm ${customcrm} is synchronized with an Exact ${exact} record, and the other way round: once linked, they stay in sync wherever they are edited.`,
    match.length === 0
      ? "Counterparts are never looked for: they are created, or linked by hand."
      : `A counterpart is looked for first, by ${match.map((fields) => fields.join(" with ")).join(", then ")}.`,
    `In Exact, ${creation(create.toExact, `a ${customcrm}`, `${exact} record`)}`,
    `In Customcrm, ${creation(create.toCustomcrm, `an Exact ${exact} record`, customcrm)}`,
    `The Exact id is kept in the ${externalId} of the ${customcrm}.`,
  ].join(" ");
}

function creation(rule: CreateRule, source: string, target: string): string {
  const made = `${/^[AEIOU]/.test(target) ? "an" : "a"} ${target} is created for ${source} that has none`;
  switch (rule.kind) {
    case "always":
      return `${made}.`;
    case "never":
      return `no ${target} is created for ${source} that has none.`;
    case "whenReferenced":
      return `${made} once ${rule.by.map((type) => nouns[type]).join(" or ")} refers to it.`;
    case "when":
      return `${made} if its ${rule.filter.field} is "${rule.filter.equals}": ${rule.reason}`;
  }
}

const nouns: { readonly [T in EntityType]: string } = { ACCOUNT: "an account", CONTACT: "a contact", PRODUCT: "a product" };
