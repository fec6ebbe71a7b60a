/** What the workloads ask for, with the same names and arguments as the gateway's own schema. */
export const typeDefs = /* GraphQL */ `
  type Query {
    account(by: EntityRef!): Account
    accounts(first: Int = 50, after: String, filter: AccountFilter): AccountConnection!
    _entities(representations: [_Any!]!): [_Entity]!
  }
  scalar _Any
  scalar DateTime
  union _Entity = Account | Contact
  input EntityRef { id: ID, customcrmId: ID, exactId: ID }
  input AccountFilter { name: TextFilter }
  input TextFilter { equals: String, startsWith: String }
  type Account {
    id: ID!
    customcrmId: ID
    exactId: ID
    modifiedAt: DateTime!
    name: String!
    email: String
    phone: String
    website: String
    addressLine1: String
    postcode: String
    city: String
    country: String
    vatNumber: String
    chamberOfCommerce: String
    link: Link!
    customcrm: CustomcrmCustomer
    exact: ExactAccount
    contacts(first: Int = 50): ContactConnection!
  }
  type Contact {
    id: ID!
    fullName: String!
    email: String
    phone: String
    jobTitle: String
    link: Link!
  }
  type Link {
    state: String!
    version: Int!
    origin: String
    linkedAt: DateTime
    syncedAt: DateTime
    problem: Problem
  }
  type Problem { code: String!, message: String! }
  type CustomcrmCustomer {
    recordId: ID!
    asOf: DateTime!
    modifiedAt: DateTime
    name: String
    email: String
    phone: String
    streetAddress1: String
    zipCode: String
    city: String
    country: String
    vatNumber: String
    organisationNumber: String
  }
  type ExactAccount {
    recordId: ID!
    asOf: DateTime!
    modifiedAt: DateTime
    code: String
    name: String
    email: String
    phone: String
    addressLine1: String
    postcode: String
    city: String
    country: String
    vatNumber: String
    status: String
  }
  type AccountConnection { nodes: [Account!]!, pageInfo: PageInfo! }
  type ContactConnection { nodes: [Contact!]! }
  type PageInfo { hasNextPage: Boolean!, endCursor: String }
`;

export const resolvers = {
  Query: {
    account: (_, { by }, { loaders }) => loaders.entities.load(by.id),
    accounts: (_, { first, after, filter }, { loaders }) =>
      filter?.name?.startsWith ? loaders.accountsNamed(filter.name.startsWith, first) : loaders.accountsByName(first, after),
    _entities: (_, { representations }, { loaders }) => loaders.entities.loadMany(representations.map(({ id }) => id)),
  },
  Account: {
    customcrm: ({ customcrmId }, _, { loaders }) => customcrmId && loaders.customers.load(customcrmId),
    exact: ({ exactId }, _, { loaders }) => exactId && loaders.accounts.load(exactId),
    contacts: async ({ id }, { first }, { loaders }) => ({ nodes: await loaders.contacts.load({ account: id, first }) }),
  },
};

export const typeOfEntity = ({ __typename }) => __typename;
