import { type CustomcrmSandbox, type CustomcrmSettings, startCustomcrmSandbox } from "../../../src/sandbox/customcrm/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";
import { makeSeed } from "../../../src/sandbox/seed/index.js";

export interface ApiCall {
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiResult {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds, and its assertions say what that must be.
  readonly body: any;
}

export type Api = (method: string, path: string, call?: ApiCall) => Promise<ApiResult>;

export type Made = { readonly Id: string; readonly ETag: string; readonly CreatedAt: string; readonly ModifiedAt: string } & {
  readonly [property: string]: string | null;
};

/** A sandbox with the seed's records, its clock in the test's hands. */
export interface TestSandbox {
  readonly api: Api;
  readonly sandbox: CustomcrmSandbox;
  readonly settings: CustomcrmSettings;
  /** Creates a record and returns it; fails where that is refused. */
  made(collection: string, body: unknown): Promise<Made>;
  token(form: Record<string, string>, headers?: Record<string, string>): Promise<ApiResult>;
  set(settings: Partial<CustomcrmSettings>): void;
  pass(ms: number): Promise<void>;
  nowIso(): string;
  /** The position of `/changes` after everything so far. */
  head(): Promise<string>;
  /** Records, settings and keys as at the start. */
  reset(): void;
  stop(): Promise<void>;
}

export async function startTestSandbox(settings: Partial<CustomcrmSettings> = {}): Promise<TestSandbox> {
  const clock = new VirtualClock(Date.parse("2026-03-02T09:00:00Z"));
  const sandbox = await startCustomcrmSandbox({ port: 0, clock, dataFile: null, initial: makeSeed().customcrm, settings });
  const api = apiOf(sandbox.origin);
  return {
    api,
    sandbox,
    get settings() {
      return sandbox.settings;
    },
    async made(collection, body) {
      const answer = await api("POST", `/${collection}`, { body });
      if (answer.status !== 201) throw new Error(`${collection} was not made: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    token: (form, headers = {}) =>
      call(`${sandbox.origin}/oauth/token`, "POST", {
        raw: new URLSearchParams(form).toString(),
        headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
      }),
    set: (more) => void Object.assign(sandbox.settings, more),
    pass: (ms) => clock.advance(ms),
    nowIso: () => new Date(clock.now()).toISOString(),
    async head() {
      for (let since = ""; ; ) {
        const { body } = await api("GET", `/changes?limit=500${since}`);
        if (!body.more) return body.position;
        since = `&since=${body.position}`;
      }
    },
    reset: () => sandbox.reset(),
    stop: () => sandbox.stop(),
  };
}

/** Calls with the static token; paths are below `/api/v1`. */
export function apiOf(origin: string): Api {
  return (method, path, { headers, ...rest } = {}) =>
    call(`${origin}/api/v1${path}`, method, {
      ...rest,
      headers: { Authorization: "Bearer sandbox-token", ...(method !== "GET" && { "Content-Type": "application/json" }), ...headers },
    });
}

async function call(url: string, method: string, { body, raw, headers = {} }: ApiCall): Promise<ApiResult> {
  const sent = raw ?? (body === undefined ? null : JSON.stringify(body));
  const response = await fetch(url, { method, headers, body: sent === null ? null : new Uint8Array(Buffer.from(sent)) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}
