import type { Random } from "../kit/random.js";
import type { AccountFields } from "./companies.js";
import type { ContactFields } from "./people.js";
import type { SeedRow } from "./types.js";

/** How old a row is, in days before the sandbox starts. */
export interface Ages {
  readonly createdDaysAgo: number;
  readonly modifiedDaysAgo: number;
}

/** Both systems' ages for one thing: made on different days, changed at least hours apart, so that which is newer is never in doubt. */
export function agesOfPair(random: Random): { customcrm: Ages; exact: Ages } {
  const older = 3 + random.next() * 500;
  const newer = 0.2 + random.next() * (older - 0.4);
  const customcrmIsNewer = random.int(2) === 0;
  return { customcrm: aged(random, customcrmIsNewer ? newer : older), exact: aged(random, customcrmIsNewer ? older : newer) };
}

export function agesOfOne(random: Random): Ages {
  return aged(random, 0.2 + random.next() * 500);
}

/** Ids as Customcrm gives them: opaque, with the kind in front. */
export function customcrmId(random: Random, kind: "cus" | "con" | "pro"): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return `${kind}_${Array.from({ length: 12 }, () => alphabet[random.int(alphabet.length)]).join("")}`;
}

export function customerRow(id: string, fields: AccountFields, ages: Ages): SeedRow {
  return {
    Id: id,
    Name: fields.name,
    Email: fields.email,
    Phone: fields.phone,
    Fax: fields.fax,
    Website: fields.website,
    Description: fields.description,
    StreetAddress1: fields.addressLine1,
    StreetAddress2: fields.addressLine2,
    ZipCode: fields.postcode,
    City: fields.city,
    Country: fields.country,
    VatNumber: fields.vatNumber,
    OrganisationNumber: fields.chamberOfCommerce,
    ...ages,
  };
}

export function accountRow(id: string, fields: AccountFields, ages: Ages): SeedRow {
  return {
    ID: id,
    Name: fields.name,
    Email: fields.email,
    Phone: fields.phone,
    Fax: fields.fax,
    Website: fields.website,
    Remarks: windowsLines(fields.description),
    AddressLine1: fields.addressLine1,
    AddressLine2: fields.addressLine2,
    Postcode: fields.postcode,
    City: fields.city,
    Country: fields.country,
    VATNumber: fields.vatNumber,
    ChamberOfCommerce: fields.chamberOfCommerce,
    Status: "C",
    ...ages,
  };
}

export function customcrmContactRow(id: string, customerId: string, fields: ContactFields, ages: Ages): SeedRow {
  return {
    Id: id,
    CustomerId: customerId,
    FirstName: fields.firstName,
    LastName: fields.lastName,
    Email: fields.email,
    Phone: fields.phone,
    Mobile: fields.mobile,
    JobTitle: fields.jobTitle,
    BirthDate: fields.birthDate,
    Description: fields.description,
    ...ages,
  };
}

export function exactContactRow(id: string, accountId: string, fields: ContactFields, ages: Ages): SeedRow {
  return {
    ID: id,
    Account: accountId,
    FirstName: fields.firstName,
    LastName: fields.lastName,
    Email: fields.email,
    Phone: fields.phone,
    Mobile: fields.mobile,
    JobTitleDescription: fields.jobTitle,
    BirthDate: fields.birthDate,
    Notes: windowsLines(fields.description),
    ...ages,
  };
}

/** Text typed in Exact's own pages has CRLF between its lines; the same words otherwise. */
const windowsLines = (text: string | null): string | null => text?.replace(/\n/g, "\r\n") ?? null;

function aged(random: Random, modifiedDaysAgo: number): Ages {
  const modified = days(modifiedDaysAgo);
  return { createdDaysAgo: days(modified + random.next() * 1500), modifiedDaysAgo: modified };
}

/** To the thousandth of a day, some 86 seconds. */
const days = (value: number): number => Math.round(value * 1000) / 1000;
