import { type ExactSandbox, type ExactSandboxOptions, type ExactSettings, startExactSandbox } from "../../../src/sandbox/exact/index.js";
import { VirtualClock } from "../../../src/sandbox/kit/index.js";

/** A Thursday in summer, 14:14:02 by the clock on Exact's wall. */
export const begin = Date.UTC(2026, 5, 25, 12, 14, 2, 260);
const division = 3_141_592;
export const redirectUri = "http://127.0.0.1:4000/auth/exact/callback";
export const minuteMs = 60_000;
export const dayMs = 86_400_000;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds, and its assertions say what that must be.
  readonly body: any;
}

export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestSandbox {
  readonly sandbox: ExactSandbox;
  readonly clock: VirtualClock;
  /** A call with a good token that asks for JSON. A path without a slash before it stands below the division. */
  api(method: string, path: string, sent?: Sent): Promise<Reply>;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  /** The rows of a list, whatever its envelope. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  rows(path: string): Promise<any[]>;
  /** All pages of a list, and how many there were. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  pages(path: string): Promise<any[][]>;
  /** Creates a record over the API and returns its ID. */
  made(kind: "Accounts" | "Contacts", body: object): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  read(kind: "Accounts" | "Contacts", id: string): Promise<any>;
  token(form: Record<string, string>): Promise<Reply>;
  /** Tokens by a new consent. */
  consent(): Promise<{ access_token: string; refresh_token: string; expires_in: string; token_type: string }>;
  refresh(refreshToken: string): Promise<Reply>;
  control(method: string, path: string, body?: unknown): Promise<Reply>;
}

/** A sandbox whose clock only the test moves; without limits, unless the settings say otherwise. */
export async function startTestSandbox(settings: Partial<ExactSettings> = {}, options: Omit<ExactSandboxOptions, "settings"> = {}): Promise<TestSandbox> {
  const unlimited = { minuteLimit: null, dayLimit: null, fairUseLimit: null, errorLimit: null };
  const clock = options.clock ?? new VirtualClock(begin);
  const sandbox = await startExactSandbox({ clock, ...options, settings: { ...unlimited, ...settings } });
  const app = { client_id: sandbox.settings.clientId, client_secret: sandbox.settings.clientSecret };
  const tokens = { access: "", at: Number.NEGATIVE_INFINITY };

  const test: TestSandbox = {
    sandbox,
    clock,
    async api(method, path, { body, headers = {} } = {}) {
      if (clock.now() - tokens.at > 500_000) Object.assign(tokens, { access: (await test.consent()).access_token, at: clock.now() });
      const content: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
      const base = path.startsWith("http") ? "" : path.startsWith("/") ? sandbox.origin : `${sandbox.origin}/api/v1/${division}/`;
      const all = { authorization: `Bearer ${tokens.access}`, accept: "application/json", ...content, ...headers };
      return reply(
        await fetch(base + path, { method, headers: all, ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }) }),
      );
    },
    get: (path, headers = {}) => test.api("GET", path, { headers }),
    async rows(path) {
      const { status, body, text } = await test.get(path);
      if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
      return Array.isArray(body.d) ? body.d : body.d.results;
    },
    async pages(path) {
      const found = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        const { body, status, text }: Reply = await test.get(next);
        if (status !== 200) throw new Error(`${next} answered ${status}: ${text}`);
        found.push(Array.isArray(body.d) ? body.d : body.d.results);
        next = body.d.__next;
      }
      return found;
    },
    async made(kind, body) {
      const { status, body: answer, text } = await test.api("POST", `crm/${kind}`, { body });
      if (status !== 201) throw new Error(`POST ${kind} answered ${status}: ${text}`);
      return answer.d.ID;
    },
    read: async (kind, id) => (await test.get(`crm/${kind}(guid'${id}')`)).body.d,
    token: async (form) => reply(await fetch(`${sandbox.origin}/api/oauth2/token`, { method: "POST", body: new URLSearchParams({ ...app, ...form }) })),
    async consent() {
      const code = sandbox.issueCode(redirectUri);
      return (await test.token({ grant_type: "authorization_code", code, redirect_uri: redirectUri })).body;
    },
    refresh: (refreshToken) => test.token({ grant_type: "refresh_token", refresh_token: refreshToken }),
    async control(method, path, body) {
      const content = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      return reply(await fetch(`${sandbox.origin}/_control${path}`, { method, ...content }));
    },
  };
  return test;
}

export async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

/** The sentence of an error envelope. */
export const errorText = ({ body }: Reply): string => body.error.message.value;

/** A wire date as an ISO text, read as if it were UTC. */
export const wall = (date: string): string => new Date(Number(/^\/Date\((-?\d+)\)\/$/.exec(date)?.[1])).toISOString();

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
