import type { CallOptions } from "../../../src/connectors/connector.js";
import { type CustomcrmOptions, createCustomcrmConnector } from "../../../src/connectors/customcrm/connector.js";
import { HttpClient } from "../../../src/connectors/http.js";
import { type Reply, type ScriptedServer, startScriptedServer } from "../../helpers/scripted-server.js";

export const background: CallOptions = { class: "poll" };
export const interactive: CallOptions = { class: "interactive" };

/** A connector on a server that answers as told, and a readable log of what it asked. */
export async function startScripted(options: Partial<CustomcrmOptions> & { readonly timeoutMs?: number } = {}) {
  const server: ScriptedServer = await startScriptedServer();
  const { timeoutMs, ...rest } = options;
  const baseUrl = `${server.origin}/api/v1`;
  const http = new HttpClient({ system: "CUSTOMCRM", baseUrl, timeoutMs: timeoutMs ?? 1_000, halfOpenAfterMs: [20] });
  const access = options.oauth ? { oauth: { ...options.oauth, tokenUrl: `${server.origin}/oauth/token` } } : { token: "secret-token" };
  const connector = createCustomcrmConnector({ baseUrl, http, ...rest, ...access });
  return {
    server,
    connector,
    http,
    asked: () => server.requests.map(({ method, path, query }) => `${method} ${decodeURIComponent(`${path}${query.size === 0 ? "" : `?${query}`}`)}`),
    stop: async () => {
      await server.stop();
      await connector.stop();
    },
  };
}
export type Scripted = Awaited<ReturnType<typeof startScripted>>;

export const customer = (id: string, more: Record<string, unknown> = {}) => ({
  Id: id,
  ETag: `"${id}-1"`,
  CreatedAt: "2026-01-02T03:04:05.678Z",
  ModifiedAt: "2026-02-03T04:05:06.789Z",
  Name: `Customer ${id}`,
  ...more,
});

export const page = (items: readonly unknown[], nextCursor: string | null = null): Reply => ({ json: { items, nextCursor } });

export const problem = (status: number, kind: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { "content-type": "application/problem+json", ...headers },
  text: JSON.stringify({ type: `urn:customcrm:${kind}`, title: `The title of ${kind}`, status, ...more }),
});

export const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => {
      throw new Error(`Expected an error, got ${JSON.stringify(value)}.`);
    },
    (error: unknown) => error,
  );
