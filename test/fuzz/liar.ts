import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type Mutation, mutated } from "./nasty.js";

/** What happens to one answer on its way. */
export type Lie =
  | { readonly kind: "changed"; readonly at: number; readonly what: Mutation }
  | { readonly kind: "html" | "cut" | "empty" | "refusal" | "bytes" | "mistyped" | "huge" };

export interface Liar {
  readonly origin: string;
  /** The next answers, one each; null lets one pass. Answers about tokens always pass. */
  tell(lies: readonly (Lie | null)[]): void;
  /** How many answers were changed. */
  readonly told: () => number;
  stop(): Promise<void>;
}

/** Stands between the gateway and a system, and passes on everything but what it was told to change. */
export async function startLiar(target: string): Promise<Liar> {
  const { hostname, port } = new URL(target);
  let lies: (Lie | null)[] = [];
  let told = 0;
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const passed = request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers });
    passed.end(Buffer.concat(chunks));
    const [answer] = (await once(passed, "response")) as [import("node:http").IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const lie = incoming.url?.includes("oauth") || body.length === 0 ? null : (lies.shift() ?? null);
    if (lie) told++;
    const { "content-length": _, "transfer-encoding": __, ...headers } = answer.headers;
    const now = lie ? lied(lie, body) : { body };
    outgoing.writeHead(answer.statusCode ?? 500, { ...headers, ...(now.type ? { "content-type": now.type } : {}) });
    outgoing.end(now.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tell: (next) => {
      lies = [...next];
    },
    told: () => told,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function lied(lie: Lie, body: Buffer): { readonly body: Buffer | string; readonly type?: string } {
  switch (lie.kind) {
    case "changed":
      return { body: JSON.stringify(mutated(JSON.parse(body.toString()), lie.at, lie.what)) ?? "" };
    case "html":
      return { body: "<html><body>Maintenance</body></html>", type: "text/html" };
    case "cut":
      return { body: body.subarray(0, Math.floor(body.length * 0.6)) };
    case "empty":
      return { body: "" };
    case "refusal":
      return { body: '{"error":{"code":"","message":{"lang":"","value":"An error has occurred."}},"title":"Failed","status":500}' };
    case "bytes":
      return { body: Buffer.concat([body.subarray(0, 20), Buffer.from([0xff, 0xfe, 0x00, 0x80]), body.subarray(20)]) };
    case "mistyped":
      return { body, type: "text/plain; charset=utf-16" };
    case "huge":
      return { body: body.toString().replace(/"(Name|Phone|LastName)":"[^"]*"/, `"$1":"${"x".repeat(300_000)}"`) };
  }
}
