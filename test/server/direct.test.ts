import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLog } from "../../src/log.js";
import { Splice } from "../../src/resolvers/splice/splice.js";
import type { ServerParts } from "../../src/server/server.js";
import { type SpanNote, useTracer } from "../../src/spans.js";
import { firms, World } from "../resolvers/helpers.js";

const put = vi.spyOn(Splice.prototype, "answer");
let world: World;
beforeEach(async () => {
  put.mockClear();
  world = new World();
  await world.given(...firms(3, 1));
});
afterEach(async () => {
  useTracer(null);
  await world.stop();
});

const serve = (parts: Partial<ServerParts> = {}) => world.serve({ compileOn: 1, ...parts });
const one = JSON.stringify({ query: '{ account(by: {id: "account-001"}) { name customcrm { name } exact { name } } }' });

async function send(body: string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(`${world.url}/graphql`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  const { date: _date, "x-request-id": id, ...others } = Object.fromEntries(answer.headers);
  return { id, status: answer.status, headers: others, text: await answer.text() };
}

it.each<[string, Record<string, string>]>([
  ["with a charset", { "content-type": "application/json; charset=utf-8" }],
  ["from a page that may call", { origin: "https://app.example" }],
  ["from a page that may not", { origin: "https://evil.example" }],
  ["for any answer", { accept: "*/*" }],
])("a plain query is answered as it was by Apollo: %s", async (_what, headers) => {
  await serve({ corsOrigins: ["https://app.example"] });
  const { id: _id, ...usual } = await send(one, headers);
  expect(put).not.toHaveBeenCalled();
  const { id, ...direct } = await send(one, headers);
  expect(put).toHaveBeenCalledTimes(1);
  expect(direct).toEqual(usual);
  expect(id).toMatch(/^[\da-f-]{36}$/);
});

it("a body that comes in pieces, and in the middle of a letter, is one", async () => {
  await serve();
  const body = JSON.stringify({ query: 'query ($by: EntityRef!) { account(by: $by) { name } } # "ü"', variables: { by: { id: "account-002" } } });
  const { text: usual } = await send(body);
  const bytes = Buffer.from(body);
  const middle = bytes.indexOf("ü") + 1;
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname);
  socket.write(`POST /graphql HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`);
  socket.write(bytes.subarray(0, middle));
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.write(bytes.subarray(middle));
  expect(await text(socket)).toContain(usual);
  expect(put).toHaveBeenCalledTimes(1);
});

it.each([
  ["is meant for the prototype of objects", '{"query":"{ __typename }","variables":{"__proto__":{"x":1}}}'],
  ["is meant for it in other letters", '{"query":"{ __typename }","variables":{"\\u005f_proto__":{"x":1}}}'],
  ["is no JSON", '{"query":"{ __typename }"'],
  ["is a list", "[]"],
  ["asks for more than a query", '{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}'],
])("a body that %s is refused, as often as it comes", async (_what, body) => {
  await serve();
  await send('{"query":"{ __typename }"}');
  const [{ id: _first, ...first }, { id: _second, ...second }] = [await send(body), await send(body)];
  expect(first).toMatchObject({ status: 400, text: expect.stringContaining("errors") });
  expect(second).toEqual(first);
  expect(put).not.toHaveBeenCalled();
});

it("connections end with their next answer once the server drains", async () => {
  await serve();
  await send(one);
  expect((await send(one)).headers.connection).toBe("keep-alive");
  world.drain();
  expect((await send(one)).headers.connection).toBe("close");
});

it("the log tells of both ways under the request's id", async () => {
  const lines: { readonly msg: string; readonly requestId?: string }[] = [];
  await serve({ log: createLog("debug", { write: (line) => void lines.push(JSON.parse(line)) }) });
  for (const id of ["first", "second"]) expect((await send(one, { "x-request-id": id })).id).toBe(id);
  expect(put).toHaveBeenCalledTimes(1);
  expect(lines.filter(({ msg }) => msg === "An operation was answered.").map(({ requestId }) => requestId)).toEqual(["first", "second"]);
});

it("both ways are one span each, of the trace that the request belongs to", async () => {
  const spans: (SpanNote & { ended?: unknown })[] = [];
  const open = (span: SpanNote) => {
    const noted: (typeof spans)[number] = { ...span };
    spans.push(noted);
    const end = (attributes: unknown) => {
      noted.ended = attributes;
    };
    return { run: <T>(work: () => T) => work(), end };
  };
  useTracer({ open, note: () => {}, traceparent: () => undefined });
  await serve();
  for (const _ of ["by Apollo", "directly"]) await send(one, { traceparent: "00-1-2-01" });
  expect(put).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => {
    const requests = spans.filter(({ kind }) => kind === "server");
    expect(requests).toEqual(
      Array.from({ length: 2 }, () => ({
        name: "POST /graphql",
        kind: "server",
        attributes: { "http.request.method": "POST", "http.route": "/graphql" },
        parent: "00-1-2-01",
        ended: { "http.response.status_code": 200 },
      })),
    );
  });
});

it("a part that fails at once and one that fails later are told of as ever", async () => {
  await serve();
  const both = JSON.stringify({ query: '{ odd: account(by: {id: "nöbody"}) { name } good: account(by: {id: "account-001"}) { name } }' });
  const { id: _id, ...usual } = await send(both);
  const { pieces } = world.store;
  vi.spyOn(pieces, "entity").mockImplementation(() => new Promise((_, reject) => setTimeout(reject, 1, new Error("Redis is lost"))));
  const { id: __, ...direct } = await send(both);
  expect(put).toHaveBeenCalledTimes(1);
  expect(await put.mock.results[0]?.value).toBeNull();
  expect(direct).toEqual(usual);
});
