import type { Random } from "../kit/random.js";
import type { Copies } from "./account-pairs.js";
import type { Tangle } from "./account-tangles.js";
import { type Company, plain } from "./companies.js";
import type { ContactFields, Person } from "./people.js";
import { international, mobilePhone, otherExtension } from "./phones.js";
import { jobTitles, lastNames, personNotes } from "./words.js";

/** By which alternative of the Contact dataflow two copies are to be recognised. */
export type ContactKey = "account+email" | "account+firstName+lastName";

/** The copies that both systems keep of one person. */
export function personCopies(random: Random, person: Person, company: Company, key: ContactKey): Copies<ContactFields> {
  const copies: Copies<ContactFields> = { customcrm: { ...person }, exact: { ...person } };
  if (key === "account+firstName+lastName") {
    const side = either(random, copies);
    side.email = random.int(2) === 0 ? null : person.email.replace("@", "@kantoor.");
  } else if (random.int(8) === 0) either(random, copies).lastName = `${person.lastName}-${random.pick(lastNames[company.language])}`;
  if (random.int(5) === 0) random.pick(differences)(random, copies, company);
  return copies;
}

/** Exact knows the person by a first name only; the address tells who it is. */
export function firstNameOnlyInExact(person: Person): Copies<ContactFields> {
  return { customcrm: { ...person }, exact: { ...person, lastName: null } };
}

export type MakeContactTangle = (person: () => Person, company: Company) => Tangle<ContactFields>;

export const contactTangles: readonly { readonly times: number; readonly make: MakeContactTangle }[] = [
  { times: 4, make: enteredTwiceInExact },
  { times: 3, make: sameNameTwiceInCustomcrm },
  { times: 4, make: mailboxOfOneAndNameOfAnother },
  { times: 2, make: sharedMailbox },
];

function enteredTwiceInExact(person: () => Person): Tangle<ContactFields> {
  const known = person();
  return { customcrm: [{ ...known }], exact: [{ ...known }, { ...known, mobile: null, jobTitle: null }], why: "AMBIGUOUS_MATCH" };
}

function sameNameTwiceInCustomcrm(person: () => Person): Tangle<ContactFields> {
  const known = person();
  return {
    customcrm: [
      { ...known, email: null },
      { ...known, email: null, jobTitle: null },
    ],
    exact: [{ ...known }],
    why: "AMBIGUOUS_MATCH",
  };
}

/** A couple: the customer's card has her name and his address. */
function mailboxOfOneAndNameOfAnother(person: () => Person): Tangle<ContactFields> {
  const [her, him] = [person(), person()];
  return { customcrm: [{ ...her, email: him.email }], exact: [{ ...her, email: null }, { ...him }], why: "KEYS_DISAGREE" };
}

function sharedMailbox(person: () => Person, company: Company): Tangle<ContactFields> {
  const email = `verkoop@${company.domain}`;
  const both = [person(), person()].map((known) => ({ ...known, email }));
  return { customcrm: both, exact: both, why: "AMBIGUOUS_MATCH" };
}

type Difference = (random: Random, copies: Copies<ContactFields>, company: Company) => void;

const either = (random: Random, { customcrm, exact }: Copies<ContactFields>): ContactFields => (random.int(2) === 0 ? customcrm : exact);

const differences: readonly Difference[] = [
  (random, copies, company) => {
    const side = either(random, copies);
    side.mobile = random.int(2) === 0 ? null : mobilePhone(random, company.place.country);
  },
  (random, copies) => {
    const side = either(random, copies);
    if (side.phone) side.phone = otherExtension(random, side.phone);
  },
  (_random, { exact }, company) => {
    if (exact.mobile) exact.mobile = international(exact.mobile, company.place.country);
  },
  (random, copies, company) => {
    either(random, copies).jobTitle = random.pick(jobTitles[company.language]);
  },
  (random, copies) => {
    either(random, copies).birthDate = null;
  },
  (random, copies, company) => {
    either(random, copies).description = random.pick(personNotes[company.language]);
  },
  (random, copies) => {
    const side = either(random, copies);
    if (side.lastName) side.lastName = plain(side.lastName);
    if (side.firstName) side.firstName = plain(side.firstName);
  },
];
