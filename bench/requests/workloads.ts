import type { Random } from "../../src/sandbox/kit/random.js";
import type { Body } from "./load.js";
import { accountEntityId } from "./rows.js";

/** What the workloads choose from. */
export interface Choice {
  readonly random: Random;
  readonly accounts: number;
  /** Where pages of accounts with people begin. */
  readonly cursors: readonly string[];
  /** Beginnings of names, as lists compare them. */
  readonly prefixes: readonly string[];
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly query: string;
  /** The same for a server whose schema has other names, by the server's name. */
  readonly queryOf?: Readonly<Record<string, string>>;
  variables(choice: Choice): Readonly<Record<string, unknown>>;
}

const customcrm = "customcrm { recordId asOf modifiedAt name email phone streetAddress1 zipCode city country vatNumber organisationNumber }";
const exact = "exact { recordId asOf modifiedAt code name email phone addressLine1 postcode city country vatNumber status }";

export const singleSelection = `
  id customcrmId exactId modifiedAt name email phone website addressLine1 postcode city country vatNumber chamberOfCommerce
  link { state version origin linkedAt syncedAt problem { code message } }
  ${customcrm}
  ${exact}
`;
export const listSelection = `
  id name email phone city country modifiedAt
  link { state version }
  ${customcrm}
  ${exact}
  contacts(first: 5) { nodes { id fullName email phone jobTitle } }
`;

const single: Workload = {
  name: "single",
  title: "One account with both sides and its link",
  query: `query single($id: ID!) { account(by: { id: $id }) { ${singleSelection} } }`,
  variables: ({ random, accounts }) => ({ id: accountEntityId(random.int(accounts)) }),
};
const list: Workload = {
  name: "list",
  title: "50 accounts with 5 contacts each and both sides",
  query: `query list($after: String) { accounts(first: 50, after: $after) { nodes { ${listSelection} } pageInfo { hasNextPage endCursor } } }`,
  variables: ({ random, cursors }) => ({ after: random.pick(cursors) }),
};
const prefix: Workload = {
  name: "prefix",
  title: "The first 20 accounts whose name begins so",
  query: `query prefix($begins: String!) {
    accounts(first: 20, filter: { name: { startsWith: $begins } }) { nodes { id name email city country link { state } } pageInfo { hasNextPage } }
  }`,
  variables: ({ random, prefixes }) => ({ begins: random.pick(prefixes) }),
};
const entities: Workload = {
  name: "entities",
  title: "`_entities` of 100 accounts, as a router asks",
  query: "query entities($of: [_Any!]!) { _entities(representations: $of) { ... on Account { id name email country link { state } } } }",
  variables: ({ random, accounts }) => ({
    of: Array.from({ length: 100 }, () => ({ __typename: "Account", id: accountEntityId(random.int(accounts)) })),
  }),
};

/** What the gateway shows otherwise than the system is left out. */
const sides: Workload = {
  name: "sides",
  title: "One account as both systems have it",
  query: `query sides($id: ID!) { account(by: { id: $id }) {
    id
    customcrm { recordId name email phone streetAddress1 zipCode city country vatNumber }
    exact { recordId name email phone addressLine1 postcode city vatNumber status }
  } }`,
  queryOf: {
    hive: `query sides($id: ID!) { account(id: $id) {
      id
      customcrm {
        recordId: Id name: Name email: Email phone: Phone
        streetAddress1: StreetAddress1 zipCode: ZipCode city: City country: Country vatNumber: VatNumber
      }
      exact {
        recordId: ID name: Name email: Email phone: Phone
        addressLine1: AddressLine1 postcode: Postcode city: City vatNumber: VATNumber status: Status
      }
    } }`,
  },
  variables: single.variables,
};

export const workloads: readonly Workload[] = [single, list, prefix, entities, sides];

export const bodyOf = ({ name, query }: Pick<Workload, "name" | "query">, variables: Readonly<Record<string, unknown>>): Body =>
  JSON.stringify({ operationName: name, query, variables });
