import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import httpTransport from "@graphql-mesh/transport-http";
import { composeServices, compositionHasErrors } from "@theguild/federation-composition";
import { parse } from "graphql";
import type { Answer } from "./serve.js";

export interface Subgraph {
  readonly name: string;
  readonly sdl: string;
  readonly url: string;
}

export interface Gateway {
  readonly supergraph: string;
  ask(query: string, variables?: object): Promise<Answer>;
  stop(): Promise<void>;
}

/** A real gateway on the supergraph that a real composer makes of these; throws what does not compose. */
export function gatewayOf(subgraphs: readonly Subgraph[]): Gateway {
  const composed = composeServices(subgraphs.map(({ name, sdl, url }) => ({ name, typeDefs: parse(sdl), url })));
  if (compositionHasErrors(composed)) throw new Error(composed.errors.map(({ message }) => message).join());
  const supergraph = composed.supergraphSdl;
  const gateway = createGatewayRuntime({ supergraph, logging: false, maskedErrors: false, transports: { http: httpTransport } });
  return {
    supergraph,
    ask: async (query, variables = {}) => {
      const headers = { "content-type": "application/json" };
      const response = await gateway.fetch("http://supergraph/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }) });
      return (await response.json()) as Answer;
    },
    stop: async () => gateway[Symbol.asyncDispose](),
  };
}
