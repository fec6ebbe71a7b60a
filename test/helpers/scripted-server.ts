import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly socket: Socket;
}

export type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly json?: unknown; readonly text?: string }
  | ((request: SeenRequest, response: ServerResponse) => void);

export const hang: Reply = () => {};
export const reset: Reply = (request) => request.socket.destroy();
/** Headers and the first part of a body that was announced to be longer. */
export const halfABody: Reply = (request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"items":[');
  setTimeout(() => request.socket.destroy(), 5);
};

export const halfABodyInChunks: Reply = (request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"items":[');
  setTimeout(() => request.socket.destroy(), 5);
};

export interface ScriptedServer {
  readonly origin: string;
  readonly requests: SeenRequest[];
  /** The next answers, in order; after them `otherwise`. */
  script(...replies: readonly Reply[]): void;
  otherwise(reply: Reply): void;
  answer(choose: (request: SeenRequest) => Reply): void;
  stop(): Promise<void>;
}

/** A real HTTP server that gives the answers it was told to give, and remembers what it was asked. */
export async function startScriptedServer(port = 0): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  let replies: Reply[] = [];
  let choose: (request: SeenRequest) => Reply = () => ({ status: 200, json: {} });
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? "/", "http://x");
    const request: SeenRequest = {
      method: incoming.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString("utf8"),
      socket: incoming.socket,
    };
    requests.push(request);
    const reply = replies.shift() ?? choose(request);
    if (typeof reply === "function") return reply(request, response);
    const text = reply.json === undefined ? (reply.text ?? "") : JSON.stringify(reply.json);
    response.writeHead(reply.status ?? 200, { ...(reply.json === undefined ? {} : { "content-type": "application/json" }), ...reply.headers });
    response.end(text);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (...next) => {
      replies = [...next];
    },
    otherwise: (reply) => {
      choose = () => reply;
    },
    answer: (next) => {
      choose = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
