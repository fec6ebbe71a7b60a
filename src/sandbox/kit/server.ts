import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Call, CallLog } from "./calls.js";
import type { VirtualClock } from "./clock.js";
import { type ControlSurface, createControl } from "./control.js";
import { type Answer, decoded, type Handler, type KitRequest, readRequest, wireForm } from "./exchange.js";
import type { FaultList } from "./faults.js";
import { carryOut, type Outcome } from "./mishap.js";
import { pageFor } from "./page.js";

export interface ServeOptions {
  /** The system's name, as the page shows it. */
  readonly name: string;
  /** One sentence for the page: who reads and writes here. */
  readonly hint?: string;
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly host?: string;
  readonly clock: VirtualClock;
  readonly faults: FaultList;
  readonly calls: CallLog;
  readonly handler: Handler;
  readonly control: ControlSurface;
  /** The path with its variable parts named, for the counts. */
  readonly routeTemplate: (path: string) => string;
  /** The answer of the "empty-list" fault. */
  readonly emptyList: (answer: Answer) => Answer;
  readonly maxBodyBytes?: number;
}

export interface KitServer {
  readonly origin: string;
  /** True: connections are ended and refused, until false. */
  setDown(down: boolean): Promise<void>;
  /** Ends all connections at once; may be called again. */
  stop(): Promise<void>;
}

/** Serves a sandbox: its handler with the faults around it, the call log, the control API below `/_control`, and its page at `/`. */
export async function serve(options: ServeOptions): Promise<KitServer> {
  const timers = options.clock.group();
  const host = options.host ?? "127.0.0.1";
  const page = pageFor(options.name, options.hint ?? "");
  const downFor = (ms: number) => {
    timers.setTimer(() => setDown(false), ms);
    setImmediate(() => void setDown(true));
  };
  const control = createControl({ ...options, surface: options.control, downFor });

  const server = createServer((message, response) => {
    message.on("error", () => {});
    response.on("error", () => {});
    answer(message, response).catch((error: unknown) => {
      process.emitWarning(`The sandbox of ${options.name} failed: ${error instanceof Error ? error.stack : error}`);
      send(response, { kind: "answer", answer: { status: 500, body: "The sandbox failed; see its console." } });
    });
  });

  async function answer(message: Parameters<typeof readRequest>[0], response: ServerResponse): Promise<void> {
    const request = await readRequest(message, options.maxBodyBytes ?? 32 * 1024 * 1024).catch(() => undefined);
    if (request === undefined) return; // The caller went away while sending.
    if (request === null) return send(response, { kind: "answer", answer: { status: 413, body: "The body is too long." } });
    const local = localAnswer(request);
    if (local) return send(response, { kind: "answer", answer: await local });
    const fault = options.faults.take(request.method, decoded(request.path), request.query.toString() && decodedQuery(request.url));
    const call = options.calls.add(describe(request, options, fault?.kind));
    response.on("close", options.calls.begin());
    const outcome = await carryOut(request, fault, { handler: options.handler, timers, emptyList: options.emptyList });
    if ("answer" in outcome) call.status = outcome.answer.status;
    send(response, outcome);
  }

  function localAnswer(request: KitRequest): Promise<Answer> | null {
    if (request.path === "/_control" || request.path.startsWith("/_control/")) return control(request);
    if (request.path === "/" && request.method === "GET") {
      return Promise.resolve({ status: 200, headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }, body: page });
    }
    return request.path === "/favicon.ico" ? Promise.resolve({ status: 204 }) : null;
  }

  let stopped = false;
  let change: Promise<void> = listen(server, options.port ?? 0, host);
  await change;
  const { port } = server.address() as AddressInfo;

  function setDown(down: boolean): Promise<void> {
    change = change.then(async () => {
      if (down === !server.listening || (stopped && !down)) return;
      await (down ? close(server) : listen(server, port, host));
    });
    return change;
  }

  return {
    origin: `http://${host}:${port}`,
    setDown,
    async stop() {
      stopped = true;
      timers.cancelAll();
      await setDown(true);
    },
  };
}

function describe(request: KitRequest, { clock, routeTemplate }: ServeOptions, fault: string | undefined): Call {
  const isWrite = request.body.length > 0 && request.body.length < 100_000;
  return {
    at: clock.now(),
    method: request.method,
    path: decoded(request.path),
    query: decodedQuery(request.url),
    routeTemplate: routeTemplate(request.path),
    ...(isWrite ? { body: request.body.toString("utf8") } : {}),
    ...(fault === undefined ? {} : { fault }),
    status: 0,
  };
}

function send(response: ServerResponse, outcome: Outcome): void {
  if (outcome.kind === "silence") return;
  if (outcome.kind === "reset") return void response.socket?.resetAndDestroy();
  if (response.headersSent || response.destroyed) return;
  const { headers, body } = wireForm(outcome.answer);
  response.writeHead(
    outcome.answer.status,
    body.length > 0 || !hasNoBody(outcome.answer.status) ? { ...headers, "content-length": String(body.length) } : headers,
  );
  if (outcome.kind === "answer") response.end(body);
  else response.write(body.subarray(0, Math.max(1, Math.floor(body.length / 2))), () => response.socket?.destroy());
}

const hasNoBody = (status: number) => status === 204 || status === 304;

const decodedQuery = (url: string) => decoded((url.split("?")[1] ?? "").replaceAll("+", " "));

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
