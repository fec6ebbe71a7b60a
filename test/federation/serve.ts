import Fastify from "fastify";
import type { GraphQLSchema } from "graphql";
import pino from "pino";
import { defaultSettings } from "../../src/domain/settings.js";
import { answerErrors } from "../../src/server/error-answers.js";
import { addGraphql } from "../../src/server/graphql.js";
import { MemoryStore } from "../../src/store/memory.js";
import { FakeConnector } from "../resolvers/fake-connector.js";

export interface Served {
  readonly url: string;
  ask(query: string, variables?: object, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: an answer has whatever was asked for.
  readonly data: any;
  readonly errors?: readonly { readonly message: string; readonly path?: unknown }[];
  readonly extensions?: { readonly ftv1?: string };
}

/** Another schema on our own server, with all that stands between it and a client. */
export async function serveSchema(schema: GraphQLSchema): Promise<Served> {
  const app = Fastify();
  const log = pino({ level: "silent" });
  answerErrors(app, log, () => "fault");
  await addGraphql(app, {
    schema,
    store: new MemoryStore(),
    connectors: { CUSTOMCRM: new FakeConnector("CUSTOMCRM"), EXACT: new FakeConnector("EXACT") },
    settings: defaultSettings,
    clock: Date.now,
    log,
    newId: () => "fault",
    federatedTraces: true,
  });
  const url = `${await app.listen({ host: "127.0.0.1", port: 0 })}/graphql`;
  return {
    url,
    ask: async (query, variables = {}, headers = {}) => {
      const body = JSON.stringify({ query, variables });
      const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
      return (await response.json()) as Answer;
    },
    stop: () => app.close(),
  };
}
