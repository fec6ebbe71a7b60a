import type { Agent, Dispatcher } from "undici";

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; several values joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Exchange {
  readonly method: Dispatcher.HttpMethod;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * `refused`: no connection, or no such host. `timeout`: silence. `reset`: cut off before the answer was whole.
 * `garbage`: an answer, but none that can be read. `aborted`: the caller gave up. `unsendable`: no request can be made of it.
 */
export type FaultKind = "refused" | "timeout" | "reset" | "garbage" | "aborted" | "unsendable";

export class TransportFault extends Error {
  override readonly name = "TransportFault";
  /** False only if certainly no byte of the request has left. */
  readonly sent: boolean;
  readonly waitedMs: number;
  constructor(
    readonly kind: FaultKind,
    message: string,
    facts: { readonly sent: boolean; readonly waitedMs: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.sent = facts.sent;
    this.waitedMs = facts.waitedMs;
  }
}

/**
 * One request and its whole answer, or a `TransportFault`. The timeout covers all of it, waiting for a connection included.
 * Speaks to undici's dispatcher itself, because only that tells whether a request has begun to leave; it follows no redirects.
 */
export function exchange(agent: Agent, call: Exchange): Promise<HttpAnswer> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    let sent = false;
    let done = false;
    let abort: ((reason: Error) => void) | null = null;
    let status = 0;
    let headers: Record<string, string> = {};
    let bytes = 0;
    const chunks: Buffer[] = [];

    const finish = (settle: () => void) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", onAbort);
      settle();
    };
    const fail = (kind: FaultKind, message: string, cause?: unknown) =>
      finish(() => {
        const fault = new TransportFault(kind, message, { sent, waitedMs: performance.now() - startedAt }, { cause });
        reject(fault);
        abort?.(fault);
      });
    const onAbort = () => fail("aborted", "the caller gave up", call.signal?.reason);
    const isLate = () => performance.now() - startedAt >= call.timeoutMs;
    const giveUp = () => fail("timeout", `nothing came within ${Math.max(0, Math.round(call.timeoutMs))} ms`);
    // What came while this process was busy is read first: timers come before it.
    const timer = setTimeout(() => setImmediate(giveUp), Math.max(0, call.timeoutMs));
    call.signal?.addEventListener("abort", onAbort, { once: true });
    if (call.signal?.aborted) return onAbort();
    if (call.timeoutMs <= 0) return fail("timeout", "there was no time left to ask");

    agent.dispatch(
      {
        origin: call.url.origin,
        path: call.url.pathname + call.url.search,
        method: call.method,
        headers: { ...call.headers },
        body: call.body ?? null,
      },
      {
        onRequestStart(controller) {
          // Given up, or to be given up, while it waited for a connection: undici writes nothing when it is aborted here.
          if (isLate()) giveUp();
          if (done) return void controller.abort(new Error("given up before it was sent"));
          sent = true;
          abort = (reason) => controller.abort(reason);
        },
        onResponseStart(_controller, statusCode, received) {
          status = statusCode;
          headers = flat(received);
        },
        onResponseData(_controller, chunk) {
          bytes += chunk.length;
          if (bytes > call.maxBodyBytes) return fail("garbage", `the answer is longer than ${call.maxBodyBytes} bytes`);
          chunks.push(chunk);
        },
        onResponseEnd() {
          finish(() => resolve({ status, headers, text: Buffer.concat(chunks).toString("utf8") }));
        },
        onResponseError(_controller, error) {
          fail(kindOf(error, sent), wordsOf(error), error);
        },
      },
    );
  });
}

function kindOf(error: Error, sent: boolean): FaultKind {
  const code = codeOf(error);
  if (code === "UND_ERR_CONNECT_TIMEOUT") return "timeout";
  if (code === "UND_ERR_INVALID_ARG") return "unsendable";
  if (!sent) return "refused";
  // The parser also reports the end of a body that is not whole.
  return error.name === "HTTPParserError" && !error.message.includes("EOF") ? "garbage" : "reset";
}

function wordsOf(error: Error): string {
  const code = codeOf(error);
  if (code === "UND_ERR_CONNECT_TIMEOUT") return "no connection came about";
  return code ? `${error.message || "no connection"} (${code})` : error.message;
}

const codeOf = (error: Error): string | undefined => ("code" in error && typeof error.code === "string" ? error.code : undefined);

const flat = (received: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(received).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value]])),
  );
