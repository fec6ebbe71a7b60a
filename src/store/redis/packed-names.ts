/**
 * Names that stand in packed documents as one letter each. The letter follows from the place in this list, and what is stored
 * was packed with it: names are only ever put behind the last one.
 */
const names = [
  // An entity's members.
  ...["id", "type", "revision", "records", "formerExactEntityId", "state", "version", "origin", "linkedAt", "syncedAt", "problem", "candidates"],
  ...["conflicts", "ignored", "cutFrom", "fields", "modifiedAt", "shadows", "intents", "wanted", "nextActionAt", "review", "refused", "overruled"],
  ...["timeUnknown", "externalIdOwed", "awaits", "operations", "fieldVersions", "CUSTOMCRM", "EXACT"],
  // Unified fields.
  ...["name", "website", "addressLine1", "addressLine2", "postcode", "city", "country", "email", "phone", "fax", "description", "vatNumber"],
  ...["chamberOfCommerce", "firstName", "lastName", "mobile", "birthDate", "jobTitle", "account", "number"],
  // Properties of records.
  ...["Name", "Website", "AddressLine1", "AddressLine2", "Postcode", "City", "Country", "Email", "Phone", "Fax", "Remarks", "VATNumber"],
  ...["ChamberOfCommerce", "Code", "Status", "Blocked", "EndDate", "IsAnonymised", "FirstName", "LastName", "Mobile", "BirthDate"],
  ...["JobTitleDescription", "Notes", "Account", "FullName", "IsMainContact", "Description", "StreetAddress1", "StreetAddress2", "ZipCode"],
  ...["VatNumber", "OrganisationNumber", "ExternalId", "CustomerId", "JobTitle", "Number", "IsSalesItem", "ItemGroup", "Unit"],
];

/** What JSON would escape, and what stands for something else in a packed document. */
const taken = '"\\-~!';
const letters: string[] = [];
for (let code = 0x20; letters.length < names.length; code++) {
  // Of the codes from 0x7f to 0xbf, some are no letters.
  const letter = String.fromCharCode(code < 0x7f ? code : code + 0x41);
  if (!taken.includes(letter)) letters.push(letter);
}

const letterByName = new Map(names.map((name, i) => [name, letters[i]]));
const nameByCode: string[] = [];
letters.forEach((letter, i) => {
  nameByCode[letter.charCodeAt(0)] = names[i] ?? "";
});

/** undefined: a name that has none. */
export const letterOf = (name: string): string | undefined => letterByName.get(name);

export function nameOf(code: number): string {
  const name = nameByCode[code];
  if (name === undefined) throw new Error(`A document in Redis holds the letter "${String.fromCharCode(code)}", which stands for no name.`);
  return name;
}
