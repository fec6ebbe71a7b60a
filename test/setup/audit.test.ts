import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { later, startProcess, tempFolder } from "./helpers.js";

/** `npm run audit` with the real npm, against a registry that answers as it is told to; what was asked of it. */
async function audit(answer: (body: string) => { readonly status: number; readonly body?: unknown }) {
  const asked: string[] = [];
  const listener: RequestListener = async (request, response) => {
    let body = "";
    request.setEncoding("latin1");
    for await (const chunk of request) body += chunk;
    if (request.method === "POST") asked.push(request.url ?? "");
    const { status, body: sent } = request.method === "POST" ? answer(body) : { status: 404, body: {} };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(sent ?? {}));
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => server.close());
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const env = { npm_config_registry: registry, npm_config_cache: tempFolder(), npm_execpath: "", npm_config_fetch_retries: "0" };
  return { ...(await startProcess(["scripts/audit.mjs"], env).ended), asked };
}

const advisory = (name: string) => ({
  id: 1,
  url: "https://advisories.example/1",
  title: "It can be made to wait",
  severity: "high",
  vulnerable_versions: "<999",
  name,
});

describe("npm run audit", { timeout: 60_000 }, () => {
  it("finds nothing where nothing is known", async () => {
    const { code, stdout, asked } = await audit(() => ({ status: 200, body: {} }));
    expect([code, stdout]).toEqual([0, "No known fault in the run-time dependencies.\n"]);
    expect(asked[0]).toBe("/-/npm/v1/security/advisories/bulk");
  });

  it("fails by name for what runs in production, with where to read of it", async () => {
    const { code, stdout, stderr } = await audit(() => ({ status: 200, body: { fastify: [advisory("fastify")] } }));
    expect(stdout).toMatch(/^high +fastify .*: It can be made to wait \(https:\/\/advisories\.example\/1\)$/m);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^\d+ of the run-time dependencies have known faults\.\n$/)]);
  });

  it("passes over what only development needs", async () => {
    const { code } = await audit(() => ({ status: 200, body: { vitest: [advisory("vitest")] } }));
    expect(code).toBe(0);
  });

  it.each([404, 405, 501])("says that the registry offers no audits when it answers %i, and does not fail", async (status) => {
    const { code, stdout } = await audit(() => ({ status }));
    expect(stdout).toMatch(/^The run-time dependencies could not be audited: the registry offers no audits \(.*\d{3}.*\)\. Run it against one that does\.$/m);
    expect(code).toBe(0);
  });
});
