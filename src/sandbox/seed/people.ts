import type { Random } from "../kit/random.js";
import { type Company, slug } from "./companies.js";
import { mobilePhone, otherExtension } from "./phones.js";
import { firstNames, jobTitles, lastNames, personNotes } from "./words.js";

/** The unified fields of a contact, all but its account. */
export interface ContactFields {
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
  mobile: string | null;
  birthDate: string | null;
  jobTitle: string | null;
  description: string | null;
}

export type Person = Readonly<ContactFields> & { readonly firstName: string; readonly lastName: string; readonly email: string };

/** The people of one company; no two that it makes share a name or an address. */
export interface People {
  make(): Person;
  /** Never makes somebody of this name. */
  reserve(person: Person): void;
}

export function peopleMaker(random: Random, company: Company): People {
  const names = new Set<string>();
  const make = (): Person => {
    for (;;) {
      const firstName = random.pick(firstNames[company.language]);
      const lastName = random.pick(lastNames[company.language]);
      const local = localPart(firstName, lastName);
      if (names.has(local)) continue;
      names.add(local);
      return {
        firstName,
        lastName,
        email: `${local}@${company.domain}`,
        phone: company.fields.phone && random.int(3) > 0 ? otherExtension(random, company.fields.phone) : null,
        mobile: random.int(2) === 0 ? mobilePhone(random, company.place.country) : null,
        birthDate: random.int(3) === 0 ? birthDate(random) : null,
        jobTitle: random.int(4) === 0 ? null : random.pick(jobTitles[company.language]),
        description: random.int(6) === 0 ? random.pick(personNotes[company.language]) : null,
      };
    }
  };
  return { make, reserve: (person) => void names.add(localPart(person.firstName, person.lastName)) };
}

const localPart = (firstName: string, lastName: string): string => `${slug(firstName)}.${slug(lastName).replace(/-/g, "")}`;

function birthDate(random: Random): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${1955 + random.int(48)}-${two(1 + random.int(12))}-${two(1 + random.int(28))}`;
}
