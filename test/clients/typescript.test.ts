import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { AccountDocument, AccountsDocument, createClient, OperationDocument, type TandemClientError } from "../../clients/typescript/src/index.js";
import { startSmallWorld } from "../e2e/small-world.js";
import { firms, World } from "../resolvers/helpers.js";
import { later, root, startProcess, tempFolder } from "../setup/helpers.js";

const example = "clients/typescript/example.ts";

describe("the example of the typed client", { timeout: 60_000 }, () => {
  it("has ten lines at most", () => {
    const lines = readFileSync(join(root, example), "utf8").split("\n");
    expect(lines.filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(10);
  });

  it("lists accounts that are linked, and changes one in both systems", async () => {
    const world = await startSmallWorld();
    later(() => world.stop());
    await world.start();
    await world.app.ready;
    const { code, stdout, stderr } = await startProcess(["--import", "tsx", example], { TANDEM_URL: `${world.app.url}/graphql` }).ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trim().split("\n")).toEqual([
      "Bakkerij Smit (null): LINKED",
      "De Haan Bouw (null): LINKED",
      "Vos Metaal (null): LINKED",
      "APPLIED https://tandem.example []",
    ]);
    const account = '{ account(by: { exactId: "00000000-0000-4000-8000-000000000003" }, maxAge: 0) { exact { website } customcrm { website } } }';
    expect(await world.ask(account)).toEqual({ account: { exact: { website: "https://tandem.example" }, customcrm: { website: "https://tandem.example" } } });
  });

  it("is built to JavaScript and declarations with the package's own settings", async () => {
    const folder = tempFolder();
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const built = await startProcess([tsc, "-p", "clients/typescript", "--outDir", folder]).ended;
    expect([built.code, built.stdout]).toEqual([0, ""]);
    const client = (await import(join(folder, "index.js"))) as Record<string, unknown>;
    expect(String(client.AccountsDocument)).toContain("query Accounts");
    expect(readFileSync(join(folder, "index.d.ts"), "utf8")).toContain("createClient");
  });
});

let world: World | null = null;
afterEach(() => world?.stop());

describe("the typed client", () => {
  it("gives data, and beside it the errors about what could not be read", async () => {
    world = await new World().serve();
    await world.given(...firms(1, 0));
    world.exact.stop();
    const client = createClient({ url: `${world.url}/graphql` });
    const { data, errors } = await client.request(AccountDocument, { by: { id: "account-000" }, maxAge: 0 });
    expect(data.account?.name).toBe("Firm 000");
    expect(errors[0]?.extensions).toMatchObject({ system: "EXACT" });
  });

  it("throws what was refused, with its status and its code", async () => {
    world = await new World().serve();
    const client = createClient({ url: `${world.url}/graphql` });
    const refused = await client.request(AccountsDocument, { first: 500 }).catch((error: TandemClientError) => error);
    expect(refused).toMatchObject({ name: "TandemClientError", errors: [{ message: expect.stringContaining("200") }] });
  });

  it("throws what is no GraphQL, with its status", async () => {
    const client = createClient({ url: "http://gateway/", fetch: async () => new Response("<html>Bad gateway</html>", { status: 502 }) });
    await expect(client.request(OperationDocument, { by: { id: "1" } })).rejects.toMatchObject({
      status: 502,
      message: "The gateway answered 502 without GraphQL.",
    });
  });
});
