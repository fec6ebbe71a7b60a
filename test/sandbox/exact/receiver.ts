import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly body: string;
  readonly contentType: string | undefined;
}

/** A callback that keeps what it gets, and answers as it is told. */
export async function startReceiver() {
  const received: Received[] = [];
  const answer = { status: 200 };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ body, contentType: request.headers["content-type"] });
    response.writeHead(answer.status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer,
    /** The notifications, without the handshake. */
    notes: () => received.filter(({ body }) => body !== "").map(({ body }) => JSON.parse(body)),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
