/** The properties of a Customcrm's records, as contracts/customcrm.openapi.yaml gives them; a test holds the two together. */
export type CustomcrmProperty = {
  readonly kind: "string" | "date" | "reference";
  readonly maxLength: number;
  /** May not be cleared, and must be given in a create. */
  readonly required?: true;
};

export const customerProperties = {
  Name: { kind: "string", maxLength: 200, required: true },
  Email: { kind: "string", maxLength: 254 },
  Phone: { kind: "string", maxLength: 40 },
  Fax: { kind: "string", maxLength: 40 },
  Website: { kind: "string", maxLength: 400 },
  Description: { kind: "string", maxLength: 10_000 },
  StreetAddress1: { kind: "string", maxLength: 200 },
  StreetAddress2: { kind: "string", maxLength: 200 },
  ZipCode: { kind: "string", maxLength: 20 },
  City: { kind: "string", maxLength: 100 },
  Country: { kind: "string", maxLength: 2 },
  VatNumber: { kind: "string", maxLength: 30 },
  OrganisationNumber: { kind: "string", maxLength: 40 },
  ExternalId: { kind: "string", maxLength: 64 },
} as const satisfies Record<string, CustomcrmProperty>;

export const contactProperties = {
  CustomerId: { kind: "reference", maxLength: 64, required: true },
  FirstName: { kind: "string", maxLength: 100 },
  LastName: { kind: "string", maxLength: 100, required: true },
  Email: { kind: "string", maxLength: 254 },
  Phone: { kind: "string", maxLength: 40 },
  Mobile: { kind: "string", maxLength: 40 },
  JobTitle: { kind: "string", maxLength: 100 },
  BirthDate: { kind: "date", maxLength: 10 },
  Description: { kind: "string", maxLength: 10_000 },
  ExternalId: { kind: "string", maxLength: 64 },
} as const satisfies Record<string, CustomcrmProperty>;

export const productProperties = {
  Name: { kind: "string", maxLength: 200, required: true },
  Number: { kind: "string", maxLength: 40 },
  Description: { kind: "string", maxLength: 10_000 },
  Email: { kind: "string", maxLength: 254 },
  Phone: { kind: "string", maxLength: 40 },
  CustomerId: { kind: "reference", maxLength: 64 },
  ExternalId: { kind: "string", maxLength: 64 },
} as const satisfies Record<string, CustomcrmProperty>;

export const customcrmProperties = { Customer: customerProperties, Contact: contactProperties, Product: productProperties };
