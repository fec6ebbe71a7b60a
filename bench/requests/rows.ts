import { folded } from "../../src/domain/canonical.js";
import { createRandom } from "../../src/sandbox/kit/random.js";
import { companyMaker } from "../../src/sandbox/seed/companies.js";
import { peopleMaker } from "../../src/sandbox/seed/people.js";
import { accountRow, agesOfPair, customcrmContactRow, customerRow, exactContactRow } from "../../src/sandbox/seed/rows.js";
import type { CustomcrmSeed, ExactSeed } from "../../src/sandbox/seed/types.js";

/** Every account of the first so many has people. */
const mostWithPeople = 5_000;
const peoplePerAccount = 5;
export const withPeople = (accounts: number): number => Math.min(accounts, mostWithPeople);

/** Ids tell which records are one thing. */
const customerId = (account: number): string => `cus_${number(account)}`;
const accountGuid = (account: number): string => `00000000-0000-4000-8000-${number(account)}`;
const contactId = (contact: number): string => `con_${number(contact)}`;
const contactGuid = (contact: number): string => `00000000-0000-4000-9000-${number(contact)}`;
/** The entity of an account. */
export const accountEntityId = (account: number): string => `acc_${number(account)}`;
export const contactEntityId = (contact: number): string => `con_${number(contact)}`;
export const numberOf = (id: string): number => Number.parseInt(id.slice(-12), 10);

/** Companies that both systems hold alike, by name; the first of them have people. */
export function makeRows(accounts: number): { readonly customcrm: CustomcrmSeed; readonly exact: ExactSeed } {
  const random = createRandom("requests");
  const maker = companyMaker(random);
  const named = Array.from({ length: accounts }, () => maker.make()).map((company) => ({ company, name: folded(company.fields.name) }));
  const companies = named.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ company }) => company);
  const customers: CustomcrmSeed["customers"][number][] = [];
  const contacts: CustomcrmSeed["contacts"][number][] = [];
  const exactAccounts: ExactSeed["accounts"][number][] = [];
  const exactContacts: ExactSeed["contacts"][number][] = [];
  for (const [account, company] of companies.entries()) {
    const ages = agesOfPair(random);
    customers.push(customerRow(customerId(account), company.fields, ages.customcrm));
    exactAccounts.push(accountRow(accountGuid(account), company.fields, ages.exact));
    if (account >= withPeople(accounts)) continue;
    const people = peopleMaker(random, company);
    for (let place = 0; place < peoplePerAccount; place += 1) {
      const contact = account * peoplePerAccount + place;
      const person = people.make();
      contacts.push(customcrmContactRow(contactId(contact), customerId(account), person, ages.customcrm));
      exactContacts.push(exactContactRow(contactGuid(contact), accountGuid(account), person, ages.exact));
    }
  }
  return { customcrm: { customers, contacts, products: [] }, exact: { accounts: exactAccounts, contacts: exactContacts } };
}

const number = (value: number): string => String(value).padStart(12, "0");
