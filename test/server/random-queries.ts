import { readFileSync } from "node:fs";
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isNonNullType,
  isObjectType,
} from "graphql";
import type { Random } from "../../src/sandbox/kit/random.js";

const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"), { assumeValid: true });
const roots = ["account", "accounts", "contact", "contacts", "product", "products", "node", "nodes", "_entities"];
/** What is told of Customcrm and Exact, and of a link's history, is read in ways of its own. */
const elsewhere = ["history"];

export interface RandomQuery {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Queries of entities as clients might write them, some of which must fail; each is valid. */
export function randomQuery(random: Random, ids: readonly string[]): RandomQuery {
  const query = schema.getQueryType() as GraphQLObjectType;
  const writer = new Writer(random, ids);
  const fields = Array.from({ length: 1 + random.int(2) }, () => writer.field(query.getFields()[random.pick(roots)] as GraphQLField<unknown, unknown>, 0));
  const text = `query Q($on: Boolean = true, $off: Boolean!, $id: ID!, $ref: EntityRef!, $first: Int) { ${fields.join(" ")} used: __typename @skip(if: $on) }`;
  const used = `${text} ${writer.fragments.join(" ")}`;
  const declared = { on: "Boolean = true", off: "Boolean!", id: "ID!", ref: "EntityRef!", first: "Int" };
  const head = Object.entries(declared).flatMap(([name, type]) => (used.slice(used.indexOf("{")).includes(`$${name}`) ? [`$${name}: ${type}`] : []));
  return {
    query: used.replace(/^query Q\([^{]*\) \{/, head.length > 0 ? `query Q(${head.join(", ")}) {` : "query Q {"),
    variables: {
      ...(random.int(2) ? { on: random.int(2) === 0 } : {}),
      off: random.int(3) === 0,
      id: random.pick(ids),
      ref: { id: random.pick(ids) },
      ...(random.int(2) ? { first: random.pick([1, 2, 3, 0, null]) } : {}),
    },
  };
}

class Writer {
  readonly fragments: string[] = [];
  #aliases = 0;

  constructor(
    private readonly random: Random,
    private readonly ids: readonly string[],
  ) {}

  field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const type = getNamedType(field.type);
    const given = field.args.flatMap((argument) => this.#argument(field, argument) ?? []);
    // Another alias wherever arguments could differ.
    const alias = given.length > 0 || this.random.int(6) === 0 ? `f${this.#aliases++}: ` : "";
    const below = isCompositeType(type) ? ` ${this.#selection(type, depth + 1)}` : "";
    return `${alias}${field.name}${given.length > 0 ? `(${given.join(", ")})` : ""}${this.#directive()}${below}`;
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    const concrete = isAbstractType(type) ? this.random.pick(schema.getPossibleTypes(type).filter(({ name }) => name !== "Operation")) : type;
    if (!concrete || !isObjectType(concrete)) return "{ __typename }";
    const isLeaf = (field: GraphQLField<unknown, unknown>) => !isCompositeType(getNamedType(field.type));
    const all = Object.values(concrete.getFields()).filter(({ name }) => !elsewhere.includes(name));
    const usable = depth > 5 ? all.filter(isLeaf) : all;
    const fields = Array.from({ length: 1 + this.random.int(5) }, () => (usable.length > 0 ? this.field(this.random.pick(usable), depth) : "__typename"));
    if (this.random.int(4) === 0) fields.push("__typename");
    if (concrete !== type) return `{ __typename ... on ${concrete.name}${this.#directive()} { ${fields.join(" ")} } }`;
    if (this.random.int(6) > 0) return `{ ${fields.join(" ")} }`;
    const name = `F${this.fragments.length}`;
    this.fragments.push(`fragment ${name} on ${concrete.name} { ${fields.join(" ")} }`);
    return `{ ...${name}${this.#directive()} __typename }`;
  }

  #directive(): string {
    const [name, value] = [this.random.pick(["skip", "include"]), this.random.pick(["$on", "$off", "true", "false"])];
    return this.random.int(10) === 0 ? ` @${name}(if: ${value})` : "";
  }

  #argument(field: GraphQLField<unknown, unknown>, { name, type }: GraphQLArgument): string[] | null {
    const { random } = this;
    const id = () => JSON.stringify(random.pick(this.ids));
    const isNeeded = isNonNullType(type);
    if (!isNeeded && random.int(3) > 0) return null;
    const types = { account: "Account", contact: "Contact", product: "Product" };
    const values: { readonly [argument: string]: () => string } = {
      by: () => random.pick([`{ id: ${id()} }`, "{ id: $id }", "$ref", `{ customcrmId: "C000" }`]),
      id: () => random.pick(["$id", id()]),
      ids: () => `[${[id(), "$id", id()].join(", ")}]`,
      first: () => random.pick(["1", "2", "3", "$first", "1000", "null"]),
      after: () => random.pick(["null", '"nowhere"']),
      maxAge: () => random.pick(["null", "-1", "null"]),
      orderBy: () => random.pick(["NAME_ASC", "NAME_DESC", "MODIFIED_ASC", "MODIFIED_DESC", "null"]),
      filter: () => random.pick(["null", "{}", '{ name: { startsWith: "f" } }', "{ state: [LINKED, REVIEW] }", '{ modifiedAfter: "2026-01-01T00:00:00Z" }']),
      representations: () => `[${[0, 1].map(() => `{ __typename: "${random.pick(Object.values(types))}", id: ${id()} }`).join(", ")}]`,
    };
    const value = values[name];
    if (!value) return isNeeded ? [`${name}: "${field.name}"`] : null;
    return [`${name}: ${value()}`];
  }
}
