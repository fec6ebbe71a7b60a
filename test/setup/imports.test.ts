import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { root, startProcess, tempFolder } from "./helpers.js";

/** A house of one file per part, each importing the one after it as the real one does; nothing in it is forbidden. */
const house = {
  "src/main.ts": ["./app.js", "./config.js", "./store/private-redis.js"],
  "src/app.ts": ["./server/server.js", "./connectors/exact/connector.js", "./store/redis.js", "./queue/bullmq.js", "./sandbox/index.js"],
  "src/config.ts": ["zod"],
  "src/server/server.ts": ["../resolvers/account.resolver.js", "fastify"],
  "src/resolvers/account.resolver.ts": ["../schema/account.type.js", "../sync/plan.js", "../store/store.js"],
  "src/schema/account.type.ts": ["type-graphql", "../domain/words.js"],
  "src/sync/plan.ts": ["../connectors/connector.js", "../store/store.js", "../queue/queue.js"],
  "src/connectors/connector.ts": ["../domain/words.js"],
  "src/connectors/http.ts": ["undici"],
  "src/connectors/exact/connector.ts": ["../connector.js", "../http.js", "../../store/store.js"],
  "src/connectors/customcrm/connector.ts": ["../connector.js", "../http.js"],
  "src/store/store.ts": ["../domain/words.js"],
  "src/store/redis.ts": ["./store.js", "redis"],
  "src/store/private-redis.ts": ["redis", "node:fs"],
  "src/queue/queue.ts": ["../domain/words.js"],
  "src/queue/bullmq.ts": ["./queue.js", "bullmq"],
  "src/sandbox/index.ts": ["../domain/words.js", "node:http"],
  "src/domain/words.ts": [],
  "test/plan.test.ts": ["../src/sync/plan.js", "../src/app.js", "vitest"],
  "scripts/print-schema.ts": ["../src/app.js"],
} as const satisfies { readonly [file: string]: readonly string[] };

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** What the check finds in the house with these imports added. */
async function violations(added: { readonly [file: string]: readonly string[] } = {}): Promise<string[]> {
  const folder = tempFolder();
  for (const name of ["package.json", "tsconfig.json", ".dependency-cruiser.cjs"]) copyFileSync(join(root, name), join(folder, name));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const imports: { readonly [file: string]: readonly string[] } = house;
  for (const file of new Set([...Object.keys(house), ...Object.keys(added)])) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const lines = [...(imports[file] ?? []), ...(added[file] ?? [])].map((module, index) => `import * as m${index} from "${module}"; void m${index};`);
    writeFileSync(join(folder, file), `${lines.join("\n")}\nexport {};\n`);
  }
  const cruise = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [cruise, "--config", ".dependency-cruiser.cjs", "--output-type", "json", "src", "test", "scripts"];
  const { stdout } = await startProcess(args, {}, { cwd: folder }).ended;
  const found: readonly Violation[] = JSON.parse(stdout).summary.violations;
  return found.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`);
}

it("finds nothing in a house whose imports point one way", async () => {
  expect(await violations()).toEqual([]);
});

describe("finds", () => {
  const forbidden: readonly [what: string, file: string, module: string][] = [
    ["the sync naming a vendor", "src/sync/plan.ts", "../connectors/exact/connector.js"],
    ["the sync naming Redis", "src/sync/plan.ts", "../store/redis.js"],
    ["the sync naming BullMQ", "src/sync/plan.ts", "../queue/bullmq.js"],
    ["the sync reading files", "src/sync/plan.ts", "node:fs"],
    ["a connector using the sync", "src/connectors/customcrm/connector.ts", "../../sync/plan.js"],
    ["one connector using the other", "src/connectors/exact/connector.ts", "../customcrm/connector.js"],
    ["a contract naming an implementation", "src/store/store.ts", "./redis.js"],
    ["the sandbox sharing code with a connector", "src/sandbox/index.ts", "../connectors/http.js"],
    ["the domain using a package", "src/domain/words.ts", "zod"],
    ["the domain doing I/O", "src/domain/words.ts", "node:fs"],
    ["the domain using a layer above", "src/domain/words.ts", "../store/store.js"],
    ["the sync using the schema", "src/sync/plan.ts", "../schema/account.type.js"],
    ["the schema using a resolver", "src/schema/account.type.ts", "../resolvers/account.resolver.js"],
    ["a resolver using the server", "src/resolvers/account.resolver.ts", "../server/server.js"],
    ["a resolver naming a vendor", "src/resolvers/account.resolver.ts", "../connectors/exact/connector.js"],
    ["the whole config handed down", "src/server/server.ts", "../config.js"],
    ["the product using its tests", "src/sync/plan.ts", "../../test/plan.test.js"],
    ["the product using a development tool", "src/server/server.ts", "fast-check"],
    ["a file of no part", "src/helpers/misc.ts", "../domain/words.js"],
    ["a file that is not there", "src/sync/plan.ts", "./nothing.js"],
  ];
  let found: readonly string[];
  beforeAll(async () => {
    const added: { [file: string]: string[] } = { "src/domain/one.ts": ["./two.js"], "src/domain/two.ts": ["./one.js"] };
    for (const [, file, module] of forbidden) added[file] = [...(added[file] ?? []), module];
    found = await violations(added);
  });

  it.each(forbidden)("%s: %s → %s", (_what, file, module) => {
    const name = module.split("/").at(-1)?.replace(/\.js$/, "").replace("node:", "") ?? "";
    const byRule = found.filter((violation) => !violation.startsWith("no cycles"));
    expect(byRule.filter((violation) => violation.includes(`: ${file} → `) && violation.split(" → ")[1]?.includes(name))).not.toEqual([]);
  });

  it("a circle of two files", () => {
    expect(found).toContainEqual(expect.stringContaining("no cycles: src/domain/"));
  });
});
