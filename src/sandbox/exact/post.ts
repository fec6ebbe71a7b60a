import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";

/** Posts to a callback on a connection of its own. The status it was answered with; null: there was no answer in time. */
export function post(url: string, body: string, headers: Readonly<Record<string, string>> = {}, timeoutMs = 10_000): Promise<number | null> {
  return new Promise((resolve) => {
    const target = new URL(url);
    const send = target.protocol === "https:" ? overHttps : overHttp;
    const sent = { ...headers, "content-length": String(Buffer.byteLength(body)), connection: "close" };
    const call = send(target, { method: "POST", headers: sent, agent: false, timeout: timeoutMs }, (answer) => {
      answer.resume();
      answer.on("error", () => {});
      resolve(answer.statusCode ?? null);
    });
    call.on("timeout", () => call.destroy());
    call.on("error", () => resolve(null));
    call.end(body);
  });
}
