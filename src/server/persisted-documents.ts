import { readFileSync } from "node:fs";
import { type GraphQLSchema, parse, stripIgnoredCharacters, validate } from "graphql";
import { z } from "zod";
import type { OperationRequest } from "./incoming.js";
import { refusal } from "./refusal.js";

/** The manifest of PERSISTED_DOCUMENTS can't be used. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/** As Apollo's `generate-persisted-query-manifest` writes it, or as Relay's compiler and GraphQL Codegen do: texts by id. */
const manifest = z.union([
  z
    .object({
      format: z.literal("apollo-persisted-query-manifest"),
      version: z.literal(1),
      operations: z.array(z.object({ id: z.string(), body: z.string() })),
    })
    .transform(({ operations }) => new Map(operations.map(({ id, body }) => [id, body]))),
  z.record(z.string(), z.string()).transform((texts) => new Map(Object.entries(texts))),
]);

const expected = "an object of documents by their ids, or an Apollo persisted query manifest (version 1)";

/**
 * Documents that clients name instead of sending their text: as `documentId`, or in the `persistedQuery` extension. With `isOnly`
 * nothing else is executed; the text of such a document will do as well, whatever its blanks and comments.
 */
export class PersistedDocuments {
  static readonly none = new PersistedDocuments(new Map(), false);

  readonly isOnly: boolean;
  readonly #texts: ReadonlyMap<string, string>;
  readonly #known: ReadonlySet<string>;

  /** Throws a `SyntaxError` of GraphQL where a text is none. */
  constructor(texts: ReadonlyMap<string, string>, isOnly: boolean) {
    this.isOnly = isOnly;
    this.#texts = texts;
    this.#known = new Set([...texts.values()].map((text) => stripIgnoredCharacters(text)));
  }

  static read(path: string, isOnly: boolean): PersistedDocuments {
    let texts: ReadonlyMap<string, string>;
    try {
      texts = manifest.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (error) {
      const why = error instanceof z.ZodError ? "it holds something else" : String(error instanceof Error ? error.message : error);
      throw new ManifestError(`PERSISTED_DOCUMENTS names ${path}, which must hold ${expected}: ${why}.`, { cause: error });
    }
    for (const [id, text] of texts) {
      try {
        parse(text);
      } catch (error) {
        throw new ManifestError(`${path} (PERSISTED_DOCUMENTS) has a document that is not GraphQL, under ${id}: ${String(error)}`, { cause: error });
      }
    }
    return new PersistedDocuments(texts, isOnly);
  }

  /** Documents that this schema no longer answers, each as a sentence. */
  invalidIn(schema: GraphQLSchema): readonly string[] {
    return [...this.#texts].flatMap(([id, text]) => {
      const [error] = validate(schema, parse(text));
      return error ? [`The persisted document ${id} can't be answered: ${error.message}`] : [];
    });
  }

  /** The operation with the text that it names. Throws where it must not be executed. */
  admit(request: OperationRequest): OperationRequest {
    const { documentId, query, extensions } = request;
    const hash = hashOf(extensions);
    const id = documentId?.replace(/^sha256:/, "") ?? (query ? null : hash);
    const text = id === null || id === undefined ? undefined : this.#texts.get(id);
    if (text !== undefined) return { ...withoutName(request), query: text };
    if (documentId !== undefined || (this.isOnly && id)) throw refusal("PERSISTED_QUERY_NOT_FOUND", `There is no persisted document ${id}.`, 400);
    if (this.isOnly && query && !this.#isKnown(query)) {
      throw refusal("PERSISTED_DOCUMENTS_ONLY", "Only documents of the manifest are executed here, and this is none of them.", 400);
    }
    // What Apollo would keep under its hash is known already.
    return this.isOnly ? withoutName(request) : request;
  }

  #isKnown(query: string): boolean {
    try {
      return this.#known.has(stripIgnoredCharacters(query));
    } catch {
      return false;
    }
  }
}

function hashOf(extensions: OperationRequest["extensions"]): string | null {
  const named = extensions?.persistedQuery;
  const hash = typeof named === "object" && named !== null && "sha256Hash" in named ? named.sha256Hash : null;
  return typeof hash === "string" ? hash : null;
}

function withoutName({ documentId: _, extensions, ...rest }: OperationRequest): OperationRequest {
  const { persistedQuery: _named, ...others } = extensions ?? {};
  return extensions ? { ...rest, extensions: others } : rest;
}
