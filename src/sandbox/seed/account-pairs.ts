import type { Random } from "../kit/random.js";
import { type AccountFields, type Company, plain } from "./companies.js";
import { spacedVat } from "./numbers.js";
import { international, otherExtension } from "./phones.js";
import { placeIn, secondLine } from "./places.js";

/** By which alternative of the Account dataflow two copies are to be recognised. */
export type AccountKey = "vatNumber" | "chamberOfCommerce+country" | "email+name" | "name+postcode";

export interface Copies<F> {
  customcrm: F;
  exact: F;
}

/** The copies that both systems keep of one company: recognisable by `key` and by no alternative before it, with small differences. */
export function copiesOf(random: Random, company: Company, key: AccountKey): Copies<AccountFields> {
  const copies = { customcrm: { ...company.fields }, exact: { ...company.fields } };
  dropKeysBefore(random, copies, company, key);
  const count = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2][random.int(10)] ?? 0;
  for (let made = 0; made < count; made += 1) random.pick(differencesAllowed[key])(random, copies, company);
  return copies;
}

function dropKeysBefore(random: Random, { customcrm, exact }: Copies<AccountFields>, company: Company, key: AccountKey): void {
  const [one, other] = random.int(2) === 0 ? [customcrm, exact] : [exact, customcrm];
  if (key === "vatNumber") {
    if (random.int(3) === 0) one.chamberOfCommerce = null;
    return;
  }
  one.vatNumber = null;
  if (key === "chamberOfCommerce+country") {
    if (random.int(3) === 0) other.vatNumber = null;
    return;
  }
  // One side knows the one number and the other side the other, or neither.
  other.chamberOfCommerce = null;
  if (random.int(2) === 0) one.chamberOfCommerce = null;
  if (key === "email+name") return;
  if (random.int(2) === 0) one.email = null;
  else one.email = `facturen@${company.domain}`;
}

type Difference = (random: Random, copies: Copies<AccountFields>, company: Company) => void;

const either = (random: Random, { customcrm, exact }: Copies<AccountFields>): AccountFields => (random.int(2) === 0 ? customcrm : exact);

const harmless: readonly Difference[] = [
  /* phone changed */ (random, copies) => {
    const side = either(random, copies);
    if (side.phone) side.phone = otherExtension(random, side.phone);
  },
  /* phone written for callers from abroad */ (_random, { exact }) => {
    if (exact.phone) exact.phone = international(exact.phone, exact.country);
  },
  /* website missing */ (random, copies) => {
    either(random, copies).website = null;
  },
  /* fax on one side only */ (random, copies) => {
    either(random, copies).fax = null;
  },
  /* described in other words */ (random, copies, company) => {
    either(random, copies).description = company.otherDescription;
  },
  /* second line on one side only */ (random, copies, company) => {
    either(random, copies).addressLine2 = secondLine(random, company.language);
  },
  /* name without accents, or in capitals */ (random, copies) => {
    const side = either(random, copies);
    side.name = plain(side.name) === side.name ? side.name.toUpperCase() : plain(side.name);
  },
];

const vatSpaced: Difference = (random, copies) => {
  const side = either(random, copies);
  if (side.vatNumber) side.vatNumber = spacedVat(side.vatNumber);
};

const postcodeWithoutSpace: Difference = (random, copies) => {
  const side = either(random, copies);
  side.postcode = side.postcode?.replace(" ", "") ?? null;
};

const mailboxCapitalised: Difference = (random, copies) => {
  const side = either(random, copies);
  if (side.email) side.email = `${side.email.charAt(0).toUpperCase()}${side.email.slice(1)}`;
};

const mailboxMissing: Difference = (random, copies) => {
  either(random, copies).email = null;
};

const moved: Difference = (random, copies, company) => {
  const place = placeIn(random, company.place.country);
  Object.assign(either(random, copies), { addressLine1: place.street, postcode: place.postcode, city: place.city });
};

/** What may differ without spoiling the key. */
const differencesAllowed: Record<AccountKey, readonly Difference[]> = {
  vatNumber: [...harmless, vatSpaced, postcodeWithoutSpace, mailboxMissing, moved],
  "chamberOfCommerce+country": [...harmless, postcodeWithoutSpace, mailboxMissing, moved],
  "email+name": [...harmless, postcodeWithoutSpace, mailboxCapitalised, moved],
  "name+postcode": [...harmless, postcodeWithoutSpace],
};
