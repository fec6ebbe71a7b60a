// Hive Gateway over the REST APIs of both systems, described to it by Mesh as JSON schemas. What a request wants of a system goes there
// in one call, upstream answers are cached as far as their headers let them, and answers of its own are not cached. It keeps no link map:
// the bench's ids tell which records are one account.
import { createServer } from "node:http";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import InMemoryLRUCache from "@graphql-mesh/cache-inmemory-lru";
import { getComposedSchemaFromConfig } from "@graphql-mesh/compose-cli";
import useHTTPCache from "@graphql-mesh/plugin-http-cache";
import * as rest from "@graphql-mesh/transport-rest";
import { DefaultLogger } from "@graphql-mesh/utils";
import { loadJSONSchemaSubgraph } from "@omnigraph/json-schema";
import { tokensOf } from "./kit/exact-tokens.js";

const { BENCH_CUSTOMCRM: customcrm, BENCH_EXACT: exact, BENCH_CUSTOMCRM_TOKEN: customcrmToken, PORT } = process.env;
const text = { type: "string" };
const listOf = (items) => ({ type: "array", items });
const object = (title, properties) => ({ type: "object", title, properties });
const record = (title, names) => object(title, Object.fromEntries(names.map((name) => [name, text])));
const read = (field, path, arg, responseSchema) => ({ type: "Query", method: "GET", field, path, argTypeMap: { [arg]: text }, responseSchema });

const customerFields = ["Id", "Name", "Email", "Phone", "StreetAddress1", "ZipCode", "City", "Country", "VatNumber", "OrganisationNumber"];
const accountFields = ["ID", "Name", "Email", "Phone", "AddressLine1", "Postcode", "City", "VATNumber", "Status"];
const customers = object("Customers", { items: listOf(record("CustomcrmCustomer", customerFields)) });
const accounts = object("ExactAnswer", { d: object("ExactPage", { results: listOf(record("ExactAccount", accountFields)) }) });

const subgraphs = [
  loadJSONSchemaSubgraph("Customcrm", {
    endpoint: `${customcrm}/api/v1`,
    operationHeaders: { authorization: `Bearer ${customcrmToken}` },
    operations: [read("customers", "/customers?ids={args.ids}", "ids", customers)],
  }),
  loadJSONSchemaSubgraph("Exact", {
    endpoint: `${exact}/api/v1/3141592`,
    operationHeaders: { accept: "application/json" },
    operations: [read("exactAccounts", `/crm/Accounts?$select=${accountFields.join(",")}&$filter={args.filter}`, "filter", accounts)],
  }),
];
const additionalTypeDefs = `
  type Account { id: ID! customcrm: CustomcrmCustomer exact: ExactAccount }
  extend type Query { account(id: ID!): Account }
`;

/** The fields of a record under their own names, below `path`. */
const below = (path, { selections }) =>
  path.reduceRight((selectionSet, value) => ({ kind: "SelectionSet", selections: [{ kind: "Field", name: { kind: "Name", value }, selectionSet }] }), {
    kind: "SelectionSet",
    selections: selections.map(({ alias: _, ...field }) => field),
  });

/** One record of each key, all that a request asks for in one call. */
const batched = (query, { key, argsFromKeys, path, idField }) => ({
  selectionSet: "{ id }",
  resolve: (root, _, context, info) =>
    query(context)({
      root,
      context,
      info,
      key: key(root.id),
      argsFromKeys,
      selectionSet: (fields) => below(path, fields),
      valuesFromResults: (answer, keys) => {
        const found = new Map(path.reduce((value, name) => value?.[name], answer)?.map((one) => [one[idField], one]));
        return keys.map((one) => found.get(one) ?? null);
      },
    }),
});

const tokens = await tokensOf(exact);
const cache = new InMemoryLRUCache();
const gateway = createGatewayRuntime({
  supergraph: await getComposedSchemaFromConfig(
    { subgraphs: subgraphs.map((sourceHandler) => ({ sourceHandler })), additionalTypeDefs },
    new DefaultLogger("compose"),
  ),
  cache,
  transports: { rest },
  plugins: (context) => [
    useHTTPCache({ ...context, cache }),
    {
      onFetch({ url, options, setOptions }) {
        if (url.startsWith(exact)) setOptions({ ...options, headers: { ...options.headers, authorization: `Bearer ${tokens.access()}` } });
      },
    },
  ],
  logging: false,
  graphiql: false,
  landingPage: false,
  additionalResolvers: {
    Query: { account: (_, { id }) => ({ id }) },
    Account: {
      customcrm: batched((context) => context.Customcrm.Query.customers, {
        key: (id) => id.replace("acc_", "cus_"),
        argsFromKeys: (ids) => ({ ids: ids.join(",") }),
        path: ["items"],
        idField: "Id",
      }),
      exact: batched((context) => context.Exact.Query.exactAccounts, {
        key: (id) => id.replace("acc_", "00000000-0000-4000-8000-"),
        argsFromKeys: (ids) => ({ filter: ids.map((id) => `ID eq guid'${id}'`).join(" or ") }),
        path: ["d", "results"],
        idField: "ID",
      }),
    },
  },
});
createServer(gateway).listen(Number(PORT), "127.0.0.1");
