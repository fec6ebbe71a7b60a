import type { TypedDocumentString } from "./operations.js";

export * from "./operations.js";

export interface ClientOptions {
  /** Where the gateway serves, such as https://tandem.example/graphql. */
  readonly url: string;
  /** Sent with every request: `{ authorization: "Bearer …" }`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

export interface RequestError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly system?: string; readonly [name: string]: unknown };
}

export interface Result<R> {
  readonly data: R;
  /** What came beside the data, such as that a system could not be read now. */
  readonly errors: readonly RequestError[];
}

/** There is no data: the request was refused, or the gateway was not reached. */
export class TandemClientError extends Error {
  override readonly name = "TandemClientError";
  constructor(
    readonly status: number,
    readonly errors: readonly RequestError[],
  ) {
    super(errors[0]?.message ?? `The gateway answered ${status} without GraphQL.`);
  }
}

export interface Client {
  /** Throws `TandemClientError` when there is no data. */
  request<R, V>(document: TypedDocumentString<R, V>, ...variables: V extends Record<string, never> ? [] : [V]): Promise<Result<R>>;
}

export function createClient({ url, headers = {}, fetch: send = fetch }: ClientOptions): Client {
  return {
    async request(document, ...[variables]) {
      const body = JSON.stringify({ query: document.toString(), variables });
      const accept = "application/graphql-response+json, application/json";
      const response = await send(url, { method: "POST", headers: { "content-type": "application/json", accept, ...headers }, body });
      const answer = (await response.json().catch(() => ({}))) as { data?: never; errors?: readonly RequestError[] };
      if (!answer.data) throw new TandemClientError(response.status, answer.errors ?? []);
      return { data: answer.data, errors: answer.errors ?? [] };
    },
  };
}
