import type { Random } from "../kit/random.js";
import type { AccountFields, Company } from "./companies.js";
import { otherExtension } from "./phones.js";
import { type CountryCode, placeIn } from "./places.js";
import type { ReviewGroup } from "./types.js";

/** Copies among which R6 must not choose. */
export interface Tangle<F> {
  readonly customcrm: readonly F[];
  readonly exact: readonly F[];
  readonly why: ReviewGroup["why"];
}

type AccountTangle = Tangle<AccountFields> & { readonly company: Company };
type MakeCompany = (country?: CountryCode) => Company;
type MakeTangle = (random: Random, make: MakeCompany) => AccountTangle;

/** Every kind of doubt that a first contact meets, as often as `times` says. */
export const accountTangles: readonly { readonly times: number; readonly make: MakeTangle }[] = [
  { times: 3, make: entered(1, 2) },
  { times: 3, make: entered(2, 1) },
  { times: 2, make: entered(2, 2) },
  { times: 3, make: sameNameAndPostcodeTwice },
  { times: 3, make: vatOfOneAndRegisterOfAnother },
  { times: 2, make: oneVatForTwoFirms },
  { times: 2, make: mailboxOfOneAndAddressOfAnother },
];

/** The same e-mail and name more than once, without a number to tell them apart. */
function entered(inCustomcrm: number, inExact: number): MakeTangle {
  return (random, make) => {
    const company = make();
    const { fields } = company;
    const again = (_: unknown, index: number): AccountFields => ({
      ...fields,
      vatNumber: null,
      chamberOfCommerce: null,
      phone: index === 0 || !fields.phone ? fields.phone : otherExtension(random, fields.phone),
    });
    return { company, customcrm: Array.from({ length: inCustomcrm }, again), exact: Array.from({ length: inExact }, again), why: "AMBIGUOUS_MATCH" };
  };
}

function sameNameAndPostcodeTwice(random: Random, make: MakeCompany): AccountTangle {
  const company = make();
  const { fields, domain, place } = company;
  const bare = { ...fields, vatNumber: null, chamberOfCommerce: null };
  const neighbour = { ...bare, addressLine1: placeIn(random, place.country).street, email: `filiaal@${domain}` };
  return { company, customcrm: [{ ...bare, email: null }], exact: [bare, neighbour], why: "AMBIGUOUS_MATCH" };
}

/** Two firms of one owner, and a customer on whose card their numbers were mixed up. */
function vatOfOneAndRegisterOfAnother(_random: Random, make: MakeCompany): AccountTangle {
  const first = make();
  const second = make(first.place.country);
  const mixed = { ...first.fields, chamberOfCommerce: second.fields.chamberOfCommerce };
  return { company: first, customcrm: [mixed], exact: [{ ...first.fields, chamberOfCommerce: null }, { ...second.fields }], why: "KEYS_DISAGREE" };
}

/** A fiscal unity: two firms that declare under one VAT number. */
function oneVatForTwoFirms(_random: Random, make: MakeCompany): AccountTangle {
  const first = make();
  const second = make(first.place.country);
  return {
    company: first,
    customcrm: [{ ...first.fields, chamberOfCommerce: null }],
    exact: [{ ...first.fields }, { ...second.fields, vatNumber: first.fields.vatNumber }],
    why: "AMBIGUOUS_MATCH",
  };
}

/** The mailbox and name fit one account, the name and postcode another one. */
function mailboxOfOneAndAddressOfAnother(random: Random, make: MakeCompany): AccountTangle {
  const company = make();
  const { fields, domain, place } = company;
  const bare = { ...fields, vatNumber: null, chamberOfCommerce: null };
  let elsewhere = placeIn(random, place.country);
  while (elsewhere.city === place.city) elsewhere = placeIn(random, place.country);
  const moved = { ...bare, addressLine1: elsewhere.street, postcode: elsewhere.postcode, city: elsewhere.city };
  return { company, customcrm: [bare], exact: [moved, { ...bare, email: `vestiging@${domain}` }], why: "KEYS_DISAGREE" };
}
