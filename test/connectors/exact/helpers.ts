import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { unlimitedBudget } from "../../../src/connectors/budget.js";
import type { CallOptions } from "../../../src/connectors/connector.js";
import { createExactConnector, type ExactConnector, type ExactConnectorOptions } from "../../../src/connectors/exact/index.js";
import { HttpClient } from "../../../src/connectors/http.js";
import { MemoryStore } from "../../../src/store/memory.js";
import type { DocumentStore, LeaseStore, SecretStore } from "../../../src/store/store.js";

export interface Received {
  readonly method: string;
  /** As it came, still encoded. */
  readonly path: string;
  /** The path's query, decoded. */
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly json: unknown }
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly text: string }
  /** The connection is cut: before any answer, or within it. */
  | { readonly cut: "before" | "within" }
  | ((request: Received) => Answer | Promise<Answer>);

/** A server that gives the next scripted answer to each call, and remembers what it was asked. */
export class Scripted {
  readonly calls: Received[] = [];
  readonly #answers: Answer[] = [];
  readonly #tokenAnswers: Answer[] = [];
  readonly #meAnswers: Answer[] = [];
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const path = request.url ?? "";
      const received: Received = {
        method: request.method ?? "",
        path,
        query: new URL(path, "http://exact").searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      this.calls.push(received);
      const queue = path.startsWith("/api/oauth2/token") ? this.#tokenAnswers : path.includes("/current/Me") ? this.#meAnswers : this.#answers;
      let answer = queue.shift() ?? { status: 599, text: `No answer is scripted for ${received.method} ${path}` };
      while (typeof answer === "function") answer = await answer(received);
      if ("cut" in answer) {
        if (answer.cut === "within") {
          response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
          response.write('{"d":{"results":[');
          setTimeout(() => response.destroy(), 20);
        } else request.socket.destroy();
        return;
      }
      response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
      response.end("json" in answer ? JSON.stringify(answer.json) : answer.text);
    });
  });

  static async start(): Promise<Scripted> {
    const scripted = new Scripted();
    scripted.#server.listen(0, "127.0.0.1");
    await once(scripted.#server, "listening");
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  answer(...answers: Answer[]): void {
    this.#answers.push(...answers);
  }

  answerToken(...answers: Answer[]): void {
    this.#tokenAnswers.push(...answers);
  }

  answerMe(...answers: Answer[]): void {
    this.#meAnswers.push(...answers);
  }

  /** Drops what was scripted and not asked for, and forgets the calls. */
  clear(): void {
    for (const list of [this.calls, this.#answers, this.#tokenAnswers, this.#meAnswers]) list.length = 0;
  }

  /** `GET /api/…`, in order, token calls left out. */
  get apiCalls(): readonly Received[] {
    return this.calls.filter((call) => !call.path.startsWith("/api/oauth2"));
  }

  get tokenCalls(): readonly Received[] {
    return this.calls.filter((call) => call.path.startsWith("/api/oauth2/token"));
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Starts in June, in summer time: 14:00Z is 16:00 on Exact's wall. */
export const startedAt = Date.parse("2026-06-25T14:00:00.000Z");

export const now: CallOptions = { class: "interactive" };

export interface Rig {
  readonly exact: ExactConnector;
  readonly server: Scripted;
  readonly clock: { now: number };
  readonly stores: Stores;
  /** Another replica: same store and same Exact, nothing else shared. */
  replica(more?: Partial<ExactConnectorOptions>): ExactConnector;
  /** Has been through consent, with tokens issued now. */
  connect(refreshToken?: string): Promise<void>;
  stop(): Promise<void>;
}

export interface Stores {
  readonly secrets: SecretStore;
  readonly leases: LeaseStore;
  readonly documents: DocumentStore;
}

const division = 123456;
export const memoryStores = (clock: () => number): Stores => new MemoryStore({ clock });

export async function startRig(stores: (clock: () => number) => Stores = memoryStores, more: Partial<ExactConnectorOptions> = {}): Promise<Rig> {
  const server = await Scripted.start();
  const clock = { now: startedAt };
  const parts = stores(() => clock.now);
  const clients: HttpClient[] = [];
  let states = 0;
  const replica = (other: Partial<ExactConnectorOptions> = {}): ExactConnector => {
    const http = new HttpClient({ system: "EXACT", baseUrl: server.url, timeoutMs: 500, halfOpenAfterMs: [1] });
    clients.push(http);
    return createExactConnector({
      baseUrl: server.url,
      clientId: "11111111-2222-3333-4444-555555555555",
      clientSecret: "s3cret&=",
      redirectUri: "https://tandem.example/auth/exact/callback",
      division,
      ...parts,
      budget: unlimitedBudget("EXACT"),
      http,
      clock: () => clock.now,
      newState: () => `state-${++states}`,
      sleep: () => new Promise((resolve) => setTimeout(resolve, 5)),
      ...more,
      ...other,
    });
  };
  const exact = replica();
  return {
    exact,
    server,
    clock,
    stores: parts,
    replica,
    async connect(refreshToken = "refresh-1") {
      server.clear();
      const state = new URL(await exact.authorizationUrl()).searchParams.get("state");
      server.answerToken(tokens(1, refreshToken));
      server.answerMe(me());
      await exact.completeConsent(`code=abc&state=${state}`, now);
      server.clear();
    },
    async stop() {
      await Promise.all([server.stop(), ...clients.map((client) => client.stop())]);
    },
  };
}

export const tokens = (n: number, refreshToken = `refresh-${n}`): Answer => ({
  json: { access_token: `access-${n}`, token_type: "bearer", expires_in: "600", refresh_token: refreshToken },
});

export const me = (more: Record<string, unknown> = {}): Answer => ({
  json: { d: { results: [{ CurrentDivision: division, UserName: "robin", ServerTime: "2026-06-25T16:00:00", ServerUtcOffset: 7200, ...more }] } },
});

export const results = (rows: readonly unknown[], next?: string): Answer => ({ json: { d: { results: rows, ...(next ? { __next: next } : {}) } } });
export const bare = (rows: readonly unknown[]): Answer => ({ json: { d: rows } });
export const exactError = (value: string, status = 500): Answer => ({ status, json: { error: { code: "", message: { lang: "", value } } } });

/** `/Date(ms)/` of a wall clock time. */
export const wall = (local: string): string => `/Date(${Date.parse(`${local}Z`)})/`;

export const guid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

export const accountRow = (n: number, more: Record<string, unknown> = {}) => ({
  __metadata: { uri: `https://start.exactonline.nl/api/v1/${division}/crm/Accounts(guid'${guid(n)}')`, type: "Exact.Web.Api.Models.Account" },
  ID: guid(n),
  Created: wall("2026-06-25T16:21:04.260"),
  Modified: wall("2026-06-25T16:21:04.260"),
  Name: `Account ${n}`,
  Website: null,
  AddressLine1: null,
  AddressLine2: null,
  Postcode: null,
  City: null,
  Country: "NL ",
  Email: null,
  Phone: null,
  Fax: null,
  Remarks: null,
  VATNumber: null,
  ChamberOfCommerce: null,
  Code: `           ${String(n).padStart(7, "0")}`,
  Status: "C",
  Blocked: false,
  EndDate: null,
  IsAnonymised: 0,
  ...more,
});

export const contactRow = (n: number, more: Record<string, unknown> = {}) => ({
  ID: guid(n),
  Created: wall("2026-06-25T16:21:04.260"),
  Modified: wall("2026-06-25T16:21:04.260"),
  FirstName: "Robin",
  LastName: `Contact ${n}`,
  Email: null,
  Phone: null,
  Mobile: null,
  BirthDate: null,
  JobTitleDescription: null,
  Notes: null,
  Account: guid(1),
  FullName: `Robin Contact ${n}`,
  IsMainContact: false,
  EndDate: null,
  IsAnonymised: 0,
  ...more,
});
