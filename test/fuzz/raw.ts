import { once } from "node:events";
import { connect } from "node:net";
import { Writable } from "node:stream";
import { type Logger, pino } from "pino";

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends bytes as they are, which no HTTP client would, and reads the one answer. */
export async function sendRaw(url: string, head: readonly (string | Buffer)[], body: Buffer = Buffer.alloc(0)): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // What is too long is answered while it is still being sent.
  socket.on("error", () => {});
  socket.setTimeout(10_000, () => socket.destroy());
  const lines = [...head, "host: gateway", `content-length: ${body.length}`, "connection: close", "", ""];
  socket.write(Buffer.concat([...lines.flatMap((line, i) => (i === 0 ? [Buffer.from(line)] : [Buffer.from("\r\n"), Buffer.from(line)])), body]));
  await once(socket, "close");
  const text = Buffer.concat(chunks).toString("utf8");
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}

/** What the gateway took for a fault of its own, as its log has it. */
export function faultLog(): { readonly log: Logger; readonly faults: string[] } {
  const faults: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      faults.push(chunk.toString());
      done();
    },
  });
  return { log: pino({ level: "error" }, sink), faults };
}
