import { type CanonicalKind, canonical, type Fields } from "./canonical.js";
import { contactProperties, customcrmProperties, customerProperties, productProperties } from "./customcrm-properties.js";
import { exactAccountProperties, exactContactProperties, exactItemProperties } from "./exact-properties.js";
import type { Properties, SystemRecord } from "./record.js";
import type { ConflictPolicy, CustomcrmType, DeletePolicy, Direction, EntityType, ExactType, RecordType, System } from "./words.js";

/** When a record without a counterpart gets one made on the other side. A closed vocabulary. */
export type CreateRule =
  | { readonly kind: "always" }
  | { readonly kind: "never" }
  | { readonly kind: "whenReferenced"; readonly by: readonly EntityType[] }
  | { readonly kind: "when"; readonly filter: { readonly field: string; readonly equals: string }; readonly reason: string };

/** One row of a property table: a field of the unified entity and the property that holds it in each system. */
export interface DataflowRow {
  readonly field: string;
  readonly customcrm: string;
  readonly exact: string;
  readonly kind: CanonicalKind;
  readonly direction: Direction;
  readonly policy: ConflictPolicy;
  /** Rows of one group merge as one field: an address, a person's name (R3). */
  readonly group?: string;
  /** For a reference: the type of entity that it refers to. */
  readonly refersTo?: EntityType;
  readonly attested: "attested" | "inferred" | "ours";
}

/** The rule and the property table that tie one Customcrm type to one Exact type. */
export interface Dataflow {
  readonly type: EntityType;
  readonly customcrm: CustomcrmType;
  readonly exact: ExactType;
  readonly create: { readonly toExact: CreateRule; readonly toCustomcrm: CreateRule };
  /** Alternatives, first to last; each is the fields that must all be equal and filled (R6). Empty: no matching. */
  readonly match: readonly (readonly string[])[];
  readonly onDelete: DeletePolicy;
  readonly rows: readonly DataflowRow[];
  /** Sent in a create in Exact beside the rows. */
  readonly exactDefaults: Properties;
  /** The Customcrm property that holds the Exact record's id. */
  readonly externalId: string;
  readonly remark?: string;
}

type Both = { direction?: Direction; policy?: ConflictPolicy; group?: string; refersTo?: EntityType };

/** Exact would refuse an account's Code, as it knows it already, and the birth names overwrite the others. */
type NeverMapped = "ID" | "Code" | "BirthName" | "BirthNamePrefix";

/** Builds the rows of one pair of types; a property that a system does not have, or can't write, does not compile. */
function rowsOf<C extends string, X extends Record<string, { flags: string }>, Dangerous extends string = NeverMapped>() {
  type Writable = Exclude<{ [P in keyof X]: X[P]["flags"] extends `${string}u${string}` ? P : never }[keyof X] & string, Dangerous>;
  return (field: string, customcrm: C, exact: Writable, kind: CanonicalKind, attested: DataflowRow["attested"], more: Both = {}): DataflowRow => ({
    field,
    customcrm,
    exact,
    kind,
    direction: "BOTH",
    policy: "NEWEST",
    attested,
    ...more,
  });
}

const account = rowsOf<keyof typeof customerProperties, typeof exactAccountProperties>();
const contact = rowsOf<keyof typeof contactProperties, typeof exactContactProperties>();
const product = rowsOf<keyof typeof productProperties, typeof exactContactProperties>();
// An item's Code is the site's own number for it: given by hand, and changed by hand.
const item = rowsOf<keyof typeof productProperties, typeof exactItemProperties, "ID">();
const address = { group: "address" };
const personName = { group: "name" };

/** The three dataflows, as the product ships them. Sync, GraphQL, documents and checks all read this table. */
export const dataflows: readonly Dataflow[] = [
  {
    type: "ACCOUNT",
    customcrm: "Customer",
    exact: "Accounts",
    create: { toExact: { kind: "always" }, toCustomcrm: { kind: "never" } },
    match: [["vatNumber"], ["chamberOfCommerce", "country"], ["email", "name"], ["name", "postcode"]],
    onDelete: "DETACH",
    exactDefaults: { Status: "C" },
    externalId: "ExternalId",
    rows: [
      account("name", "Name", "Name", "text", "attested"),
      account("website", "Website", "Website", "text", "attested"),
      account("addressLine1", "StreetAddress1", "AddressLine1", "text", "inferred", address),
      account("addressLine2", "StreetAddress2", "AddressLine2", "text", "inferred", address),
      account("postcode", "ZipCode", "Postcode", "code", "attested", address),
      account("city", "City", "City", "text", "attested", address),
      account("country", "Country", "Country", "country", "attested", address),
      account("email", "Email", "Email", "email", "inferred"),
      account("phone", "Phone", "Phone", "phone", "inferred"),
      account("fax", "Fax", "Fax", "phone", "ours"),
      account("description", "Description", "Remarks", "lines", "ours"),
      account("vatNumber", "VatNumber", "VATNumber", "code", "ours"),
      account("chamberOfCommerce", "OrganisationNumber", "ChamberOfCommerce", "code", "ours"),
    ],
  },
  {
    type: "CONTACT",
    customcrm: "Contact",
    exact: "Contacts",
    create: { toExact: { kind: "always" }, toCustomcrm: { kind: "never" } },
    match: [
      ["account", "email"],
      ["account", "firstName", "lastName"],
    ],
    onDelete: "DETACH",
    exactDefaults: {},
    externalId: "ExternalId",
    rows: [
      contact("firstName", "FirstName", "FirstName", "text", "ours", personName),
      contact("lastName", "LastName", "LastName", "text", "ours", personName),
      contact("email", "Email", "Email", "email", "ours"),
      contact("phone", "Phone", "Phone", "phone", "ours"),
      contact("mobile", "Mobile", "Mobile", "phone", "ours"),
      contact("birthDate", "BirthDate", "BirthDate", "date", "ours"),
      contact("jobTitle", "JobTitle", "JobTitleDescription", "text", "ours"),
      contact("description", "Description", "Notes", "lines", "ours"),
      contact("account", "CustomerId", "Account", "reference", "ours", { refersTo: "ACCOUNT" }),
    ],
  },
  {
    type: "PRODUCT",
    customcrm: "Product",
    exact: "Contacts",
    create: { toExact: { kind: "always" }, toCustomcrm: { kind: "never" } },
    match: [],
    onDelete: "DETACH",
    exactDefaults: {},
    externalId: "ExternalId",
    remark:
      "A Customcrm Product is synchronized with an Exact Contacts record, as the source document states it. " +
      "The pairing is unusual: a product shows up in Exact as a contact person whose last name is the product's name.",
    rows: [
      product("name", "Name", "LastName", "text", "ours"),
      product("description", "Description", "Notes", "lines", "ours"),
      product("email", "Email", "Email", "email", "ours"),
      product("phone", "Phone", "Phone", "phone", "ours"),
      product("account", "CustomerId", "Account", "reference", "ours", { refersTo: "ACCOUNT" }),
    ],
  },
];

/** What a site may have in place of a shipped dataflow, by its `dataflow.yml`: the same type, kept as other records of Exact. */
export const retargets: readonly Dataflow[] = [
  {
    type: "PRODUCT",
    customcrm: "Product",
    exact: "Items",
    create: { toExact: { kind: "always" }, toCustomcrm: { kind: "never" } },
    match: [["number"]],
    onDelete: "DETACH",
    // What is on offer in a CRM is sold: Exact puts nothing else on a quotation or an order.
    exactDefaults: { IsSalesItem: true },
    externalId: "ExternalId",
    rows: [
      item("number", "Number", "Code", "code", "ours"),
      item("name", "Name", "Description", "text", "ours"),
      item("description", "Description", "Notes", "lines", "ours"),
    ],
  },
];

/** The dataflow of this type that keeps it as these records of Exact, as the product ships it. */
export const shippedFlow = (type: EntityType, exact: ExactType): Dataflow | undefined =>
  [...dataflows, ...retargets].find((flow) => flow.type === type && flow.exact === exact);

export const dataflowOf = (flows: readonly Dataflow[], type: EntityType): Dataflow => {
  const found = flows.find((flow) => flow.type === type);
  if (!found) throw new Error(`No dataflow is set up for ${type}.`);
  return found;
};

/** The record types of Exact that a table uses, each once. */
export const exactTypesOf = (flows: readonly Dataflow[]): readonly ExactType[] => [...new Set(flows.map((flow) => flow.exact))];

/** The properties by which a table knows a Customcrm's records that Customcrm is not shipped with. */
export const ownPropertiesOf = (flows: readonly Dataflow[]): { readonly [T in CustomcrmType]?: readonly string[] } =>
  Object.fromEntries(
    flows.map(({ customcrm, rows }) => [customcrm, rows.map((row) => row.customcrm).filter((name) => !Object.hasOwn(customcrmProperties[customcrm], name))]),
  );

export const recordTypeOf = (flow: Dataflow, system: System): RecordType => (system === "CUSTOMCRM" ? flow.customcrm : flow.exact);
export const propertyOf = (row: DataflowRow, system: System): string => (system === "CUSTOMCRM" ? row.customcrm : row.exact);

/** A record's mapped fields in canonical form; a reference holds the record id of its own system. */
export function fieldsOf(flow: Dataflow, record: SystemRecord): Fields {
  return Object.fromEntries(flow.rows.map((row) => [row.field, canonical(row.kind, record.properties[propertyOf(row, record.system)])]));
}

/** The other way: the properties to send for these fields. Only fields of the table; references are record ids already. */
export function propertiesOf(flow: Dataflow, system: System, fields: Fields): Properties {
  return Object.fromEntries(flow.rows.filter((row) => row.field in fields).map((row) => [propertyOf(row, system), fields[row.field] ?? null]));
}
