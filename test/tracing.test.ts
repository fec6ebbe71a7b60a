import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { startTracing } from "../src/tracing.js";
import { type SmallWorld, startSmallWorld, until } from "./e2e/small-world.js";
import { later, startProcess, tempFolder } from "./setup/helpers.js";

interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceId: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string; readonly intValue?: number } }[];
  readonly status: { readonly code?: number };
}

/** A collector that takes OTLP over HTTP as JSON, and keeps it. */
class Collector {
  readonly bodies: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly paths: string[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    this.bodies.push(body);
    this.headers.push(request.headers);
    this.paths.push(request.url ?? "");
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spans(): readonly Span[] {
    return this.bodies.flatMap((body) => {
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let world: SmallWorld | null = null;
let tracing: { stop(): Promise<void> } | null = null;
let collector: Collector | null = null;
afterEach(async () => {
  await world?.stop();
  await tracing?.stop();
  await collector?.stop();
  [world, tracing, collector] = [null, null, null];
});

const silent = pino({ level: "silent" });
const traceId = "0af7651916cd43dd8448eb211c80319c";

async function post(query: string, headers: Record<string, string> = {}): Promise<{ data: unknown; errors?: unknown }> {
  const all = { "content-type": "application/json", ...headers };
  const answer = await fetch(`${world?.app.url}/graphql`, { method: "POST", headers: all, body: JSON.stringify({ query }) });
  return (await answer.json()) as never;
}

/** Names from a span up to the root of its trace, as far as they were sent. */
function wayUp(spans: readonly Span[], from: Span): readonly string[] {
  const above = spans.find(({ spanId }) => spanId === from.parentSpanId);
  return [from.name, ...(above ? wayUp(spans, above) : [])];
}

describe("traces", { timeout: 60_000 }, () => {
  it("go from a client's request through loaders, budget and queue to each call, in one trace, and name nobody", async () => {
    collector = new Collector();
    const endpoint = await collector.start();
    tracing = startTracing({ endpoint, headers: { "x-team": "blue" } }, "all", silent);
    world = await startSmallWorld();
    await world.start();
    await world.app.ready;
    const sent = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const list = 'query Firms { accounts(filter: { name: { equals: "Vos Metaal" } }, maxAge: 0) { nodes { name email contacts { nodes { fullName } } } } }';
    expect(await post(list, sent)).toMatchObject({ data: { accounts: { nodes: [{ name: "Vos Metaal" }] } } });
    const run = "mutation Go { sync(input: {}) { run { id } } }";
    const begun = await post(run, sent);
    expect(begun.errors, JSON.stringify(begun)).toBeUndefined();
    await until(async () => JSON.stringify(await world?.ask("{ syncRuns { finishedAt } }")).includes('"finishedAt":"'), "the run ends");
    await world.stopApp();
    await tracing.stop();

    const { spans } = collector;
    const mine = spans.filter((span) => span.traceId === traceId);
    const ways = mine.map((span) => wayUp(spans, span));
    expect(ways).toContainEqual(["query Firms"]);
    expect(ways.some(([name, ...rest]) => name?.startsWith("GET ") && rest.includes("load records of Accounts") && rest.at(-1) === "query Firms")).toBe(true);
    expect(ways).toContainEqual(expect.arrayContaining(["wait for the budget", "load records of Accounts", "query Firms"]));
    expect(ways.some(([name, ...rest]) => name?.startsWith("GET ") && rest.join(" < ").endsWith("work run < add run < mutation Go"))).toBe(true);
    expect(mine.find(({ name }) => name === "query Firms")?.parentSpanId).toBe("b7ad6b7169203331");
    const call = mine.find(({ name }) => name.startsWith("GET "));
    expect(call?.attributes.map(({ key }) => key).sort()).toEqual(["http.request.method", "http.response.status_code", "tandem.system", "url.template"]);

    const text = collector.bodies.join("");
    expect(["Vos", "Eva", "vosmetaal", "020 555", "sandbox-token", "sandbox-secret", "cus1"].filter((word) => text.includes(word))).toEqual([]);
    expect([new Set(collector.paths), collector.headers[0]?.["x-team"]]).toEqual([new Set(["/v1/traces"]), "blue"]);
    expect(text).toContain('"tandem"');
  });

  it("tell of a fault by its name only", async () => {
    collector = new Collector();
    tracing = startTracing({ endpoint: await collector.start(), headers: {} }, "all", silent);
    world = await startSmallWorld();
    await world.start();
    await world.app.ready;
    world.exact.faults.add({ method: "GET", path: "/api/v1/\\d+/", times: 9, fault: { kind: "reset-before" } });
    await post("query Late { accounts(maxAge: 0) { nodes { exact { code } } } }");
    await world.stopApp();
    await tracing.stop();
    const failed = collector.spans.filter(({ status }) => status.code === 2);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed[0]?.attributes.find(({ key }) => key === "error.type")?.value.stringValue).toBe("TransportFault");
  });

  it("that nobody takes disturb nothing, and are told of once", async () => {
    const lines: { msg: string; level: number }[] = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    collector = new Collector();
    const endpoint = await collector.start();
    await collector.stop();
    tracing = startTracing({ endpoint, headers: {} }, "all", log);
    world = await startSmallWorld();
    await world.start();
    await world.app.ready;
    expect(await post("{ accounts { nodes { name } } }")).not.toHaveProperty("errors");
    await world.stopApp();
    await tracing.stop();
    expect(lines.map(({ msg }) => msg)).toEqual(["Traces can't be sent to OTEL_EXPORTER_OTLP_ENDPOINT; all else goes on."]);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }, true],
    [{}, false],
  ])("with %j: their library is loaded: %s", async (env, isLoaded) => {
    const telling = `process.on("exit", () => { const { _cache } = require("node:module"); console.log("loaded: " + Object.keys(_cache).some((path) => path.includes("@opentelemetry/sdk"))); });`;
    const hook = `data:text/javascript,${encodeURIComponent(`import { createRequire } from "node:module"; const require = createRequire("/"); ${telling}`)}`;
    const running = startProcess(["--import", "tsx", "--import", hook, "src/main.ts"], {
      TANDEM_DATA_DIR: tempFolder(),
      REDIS_SERVER_BIN: "",
      PORT: "0",
      SANDBOX_EXACT_PORT: "0",
      SANDBOX_CUSTOMCRM_PORT: "0",
      ...env,
    });
    later(() => running.child.kill("SIGKILL"));
    await running.says("http://127.0.0.1:");
    running.child.kill("SIGTERM");
    expect((await running.ended).stdout).toContain(`loaded: ${isLoaded}`);
  });
});
