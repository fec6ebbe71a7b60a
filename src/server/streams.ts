import { type ApolloServer, type ApolloServerPlugin, HeaderMap } from "@apollo/server";
import { createSourceEventStream, type ExecutionArgs, execute, GraphQLError, type GraphQLFormattedError } from "graphql";
import { formatNote } from "../resolvers/format-error.js";
import type { LiveReads } from "../resolvers/live-reads.js";
import { Loaders } from "../resolvers/loaders.js";
import { Notes } from "../resolvers/notes.js";
import type { ResolverParts } from "../resolvers/parts.js";
import { spanned } from "../spans.js";
import type { GuardedContext } from "./guards.js";
import type { Incoming, OperationRequest } from "./incoming.js";
import { mapped } from "./mapped.js";
import { refusal } from "./refusal.js";

/** The context of an operation that came by a stream. */
export interface StreamContext extends GuardedContext {
  readonly stream?: StreamSlot;
}

/** Where a subscription that Apollo has parsed, checked and let through is left to be begun. */
interface StreamSlot {
  readonly isReadOnly: boolean;
  subscription: ExecutionArgs | null;
}

export interface StreamResult {
  readonly data?: unknown;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: unknown;
}

/** `refused`: nothing was executed. */
export type Started =
  | { readonly kind: "refused"; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly kind: "single"; readonly result: StreamResult }
  | { readonly kind: "stream"; readonly results: AsyncIterableIterator<StreamResult> };

export interface StreamParts {
  readonly parts: ResolverParts;
  readonly apollo: ApolloServer<StreamContext>;
  readonly live: LiveReads;
  readonly contextOf: (incoming: Incoming) => Promise<GuardedContext>;
  /** What a client may see of an error. */
  readonly shown: (error: unknown) => GraphQLFormattedError;
  /** Finds the text of a persisted document; throws where the text that was sent must not be executed. */
  readonly admit: (request: OperationRequest) => OperationRequest;
  /** After this long a subscriber has to identify itself anew. */
  readonly callerKnownMs: number;
}

/**
 * Executes operations that come by WebSocket or by server-sent events. All of them go through Apollo as those over HTTP do, with
 * every check, limit and count of its plugins; it leaves subscriptions to be carried on here.
 */
export class Streams {
  readonly #deps: StreamParts;
  /** An event has one set of loaders for all who are told of it, so that what it names is read once, and read after it. */
  readonly #loadersOf = new WeakMap<object, Loaders>();
  readonly #underWay = new Set<Promise<unknown>>();
  #isStopping = false;

  constructor(deps: StreamParts) {
    this.#deps = deps;
  }

  /** Never rejects. `isReadOnly`: a mutation is refused. */
  start(request: OperationRequest, incoming: Incoming, isReadOnly = false): Promise<Started> {
    if (this.#isStopping) return Promise.resolve({ kind: "refused", errors: [this.#deps.shown(stopping())] });
    const started = spanned({ name: "operation by a stream", kind: "server" }, () => this.#start(request, incoming, isReadOnly)).catch(
      (error): Started => ({ kind: "refused", errors: [this.#deps.shown(error)] }),
    );
    this.#underWay.add(started);
    return started.finally(() => this.#underWay.delete(started));
  }

  /** Whether these credentials are nobody's. What keeps us from judging them is no proof of that. */
  isStranger(incoming: Incoming): Promise<boolean> {
    return this.#deps.contextOf(incoming).then(
      () => false,
      (error: unknown) => error instanceof GraphQLError && ["UNAUTHENTICATED", "FORBIDDEN"].includes(String(error.extensions.code)),
    );
  }

  /** Begins nothing more, and settles when all queries and mutations that were under way have their answer. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#underWay);
  }

  async #start(request: OperationRequest, incoming: Incoming, isReadOnly: boolean): Promise<Started> {
    const { apollo, contextOf, admit, shown } = this.#deps;
    const { query, operationName, variables, extensions } = admit(request);
    const context = await contextOf(incoming);
    const stream: StreamSlot = { isReadOnly, subscription: null };
    const { body } = await apollo.executeOperation(
      { query: query || undefined, operationName: operationName ?? undefined, variables: variables ?? undefined, extensions: extensions ?? undefined } as never,
      { contextValue: { ...context, stream } },
    );
    if (body.kind !== "single") throw new Error("An answer came in parts.");
    const { subscription } = stream;
    if (!subscription) {
      const result = body.singleResult as StreamResult;
      return result.errors && !("data" in result) ? { kind: "refused", errors: result.errors } : { kind: "single", result };
    }
    const source = await createSourceEventStream(subscription);
    if (!(Symbol.asyncIterator in source)) return { kind: "refused", errors: (source.errors ?? []).map(shown) };
    return { kind: "stream", results: this.#results(subscription, source as AsyncIterableIterator<object>, context, incoming) };
  }

  #results(subscription: ExecutionArgs, source: AsyncIterableIterator<object>, first: GuardedContext, incoming: Incoming): AsyncIterableIterator<StreamResult> {
    const { parts, contextOf, callerKnownMs, shown } = this.#deps;
    let base = first;
    let knownAt = parts.clock();
    const resultOf = async (event: object): Promise<StreamResult> => {
      if (parts.clock() >= Math.min(knownAt + callerKnownMs, base.credentials.until ?? Number.POSITIVE_INFINITY)) {
        base = await contextOf(incoming);
        knownAt = parts.clock();
      }
      const contextValue: GuardedContext = { ...base, loaders: this.#loaders(event), notes: new Notes() };
      const { data, errors = [] } = await execute({ ...subscription, rootValue: event, contextValue });
      const all = [...errors.map(shown), ...contextValue.notes.all.map(formatNote)];
      return { data, ...(all.length > 0 ? { errors: all } : {}) };
    };
    return mapped(source, resultOf, (error) => ({ data: null, errors: [shown(error)] }));
  }

  #loaders(event: object): Loaders {
    const loaders = this.#loadersOf.get(event) ?? new Loaders(this.#deps.parts, this.#deps.live);
    this.#loadersOf.set(event, loaders);
    return loaders;
  }
}

/** Leaves subscriptions that came by a stream to it, and tells those that came by plain HTTP how to come. */
export const subscriptionsByStream: ApolloServerPlugin<StreamContext> = {
  async requestDidStart() {
    return {
      async didResolveOperation({ operation, contextValue: { stream } }) {
        if (operation?.operation === "subscription" && !stream) throw refusal("SUBSCRIPTION_NEEDS_STREAM", elsewhere, 400);
        if (operation?.operation === "mutation" && stream?.isReadOnly) throw refusal("BAD_REQUEST", "A GET can't carry a mutation: send it by POST.", 405);
      },
      async responseForOperation({ operation, document, schema, request, contextValue }) {
        const { stream } = contextValue;
        if (operation?.operation !== "subscription" || !stream) return null;
        stream.subscription = { schema, document, operationName: request.operationName, variableValues: request.variables, contextValue };
        return { http: { headers: new HeaderMap() }, body: { kind: "single", singleResult: { data: null } } };
      },
    };
  },
};

const elsewhere =
  "A subscription needs a connection that stays open: use graphql-ws (WebSocket) on /graphql, or graphql-sse (`Accept: text/event-stream`) on /graphql or /graphql/stream.";

const stopping = () => refusal("SERVICE_UNAVAILABLE", "The server stops. Connect again.", 503);
