import { type DocumentNode, type GraphQLSchema, Kind, type OperationDefinitionNode, visit } from "graphql";
import type { ResolverParts } from "../parts.js";
import { type Flows, NotSpliced, objectOf, type Part, written } from "./parts.js";
import { rootPart } from "./root-parts.js";
import { Selections } from "./selections.js";

type Values = { readonly [variable: string]: unknown };

/** Operations whose variables skip and include more than this are executed. */
const maxWays = 8;

/**
 * Puts the answer to a query together from the JSON that its values are stored as: nothing is decoded, checked again and encoded.
 * It knows the usual: queries that ask only for what is stored of entities and records that are there. Whatever else comes, a
 * failure as well, has to be executed, so that there is one place that knows how to tell it.
 */
export class Splice {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #operation: OperationDefinitionNode;
  readonly #parts: Pick<ResolverParts, "store" | "settings">;
  readonly #switches: readonly string[];
  /** By what is skipped and included; null: such an answer has to be executed. */
  readonly #ways = new Map<string, Part<null> | null>();

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, parts: Pick<ResolverParts, "store" | "settings">) {
    this.#schema = schema;
    this.#document = document;
    this.#operation = operation;
    this.#parts = parts;
    this.#switches = switchesOf(document);
  }

  /** The data of the answer as JSON, with a character for each byte; null: it has to be executed. `values` are sound. */
  async answer(values: Values): Promise<string | null> {
    const { pieces, entities } = this.#parts.store;
    const part = pieces ? this.#wayOf(values) : null;
    if (!part || !pieces) return null;
    try {
      const write = await written(part, [null], { pieces, values, count: (query) => entities.count(query) });
      return write(0);
    } catch {
      return null;
    }
  }

  #wayOf(values: Values): Part<null> | null {
    const key = this.#switches.map((name) => (values[name] === true ? "1" : "0")).join("");
    const known = this.#ways.get(key);
    if (known !== undefined || this.#ways.size >= maxWays) return known ?? null;
    const made = this.#made(values, this.#parts.settings.flows);
    this.#ways.set(key, made);
    return made;
  }

  #made(values: Values, flows: Flows): Part<null> | null {
    try {
      const selections = new Selections(this.#schema, this.#document, this.#operation, values);
      return objectOf(selections.root().map(([key, field]) => [key, rootPart(field, flows)] as const));
    } catch (error) {
      if (error instanceof NotSpliced) return null;
      throw error;
    }
  }
}

/** The variables that say what is skipped and included. */
function switchesOf(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Directive({ arguments: given = [] }) {
      for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}
