import { exactBudgetRules, SharedBudget } from "../../src/connectors/budget.js";
import { createExactConnector } from "../../src/connectors/exact/index.js";
import { HttpClient } from "../../src/connectors/http.js";
import { isoTime } from "../../src/domain/words.js";
import { startExactSandbox } from "../../src/sandbox/exact/index.js";
import { MemoryBudgetStore } from "../../src/store/budget-memory.js";
import { MemoryStore } from "../../src/store/memory.js";
import { type ConnectorFault, type ConnectorWorld, connectorContract } from "./connector.js";

type Sandbox = Awaited<ReturnType<typeof startExactSandbox>>;
type Settings = NonNullable<NonNullable<Parameters<typeof startExactSandbox>[0]>["settings"]>;
type Fault = Parameters<Sandbox["faults"]["add"]>[0]["fault"];

const redirectUri = "http://127.0.0.1:4000/auth/exact/callback";
const api = "/api/v1/";

const faults: { readonly [F in ConnectorFault]: Fault } = {
  "lost-before": { kind: "reset-before" },
  "lost-after": { kind: "reset-after" },
  hang: { kind: "hang" },
  "html-502": { kind: "html-502" },
  garbage: { kind: "garbage" },
  "half-body": { kind: "half-body" },
  "too-many": { kind: "status", status: 429 },
};

/** Without Exact's limits: how they are kept is the budget's own tests. */
async function start(settings: Partial<Settings> = {}): Promise<ConnectorWorld> {
  const sandbox = await startExactSandbox({ settings: { minuteLimit: null, dayLimit: null, fairUseLimit: null, ...settings } });
  const clock = () => sandbox.clock.now();
  const http = new HttpClient({ system: "EXACT", baseUrl: sandbox.origin, clock, timeoutMs: 400, halfOpenAfterMs: [30] });
  const rules = { ...exactBudgetRules, minuteLimit: 100_000, dayLimit: 1_000_000, guardMs: 0 };
  let ids = 0;
  const budget = new SharedBudget({ system: "EXACT", store: new MemoryBudgetStore(rules), rules, clock, newId: () => `p${ids++}` });
  const { clientId, clientSecret } = sandbox.settings;
  const store = new MemoryStore({ clock });
  const connector = createExactConnector({
    ...{ baseUrl: sandbox.origin, clientId, clientSecret, redirectUri, division: null, http, budget, clock },
    ...{ secrets: store.secrets, leases: store.leases, documents: store.documents },
  });
  const state = new URL(await connector.authorizationUrl()).searchParams.get("state") ?? "";
  await connector.completeConsent(new URLSearchParams({ code: sandbox.issueCode(redirectUri), state }).toString(), { class: "interactive" });
  const kind = (name: string) => name as "Accounts" | "Contacts";
  return {
    connector,
    account: { type: "Accounts", name: "Name", email: "Email", city: "City" },
    contact: { type: "Contacts", lastName: "LastName", firstName: "FirstName", account: "Account" },
    foreignType: "Customer",
    person: {
      create: (name, properties) => sandbox.core.create(kind(name), properties),
      edit: (name, id, properties) => sandbox.core.edit(kind(name), id, properties),
      remove: (name, id) => sandbox.core.remove(kind(name), id),
      read: (name, id) => sandbox.core.table(kind(name)).get(id) ?? null,
    },
    fail: (fault, method) => void sandbox.faults.add({ path: api, ...(method ? { method } : {}), times: 1, fault: faults[fault] }),
    setDown: (down) => sandbox.setDown(down),
    calls: () => sandbox.calls.all().filter(({ path }) => path.startsWith(api)).length,
    now: () => isoTime(sandbox.clock.now()),
    pause: () => new Promise((resolve) => setTimeout(resolve, 60)),
    feedsTellDeletions: true,
    stop: async () => {
      budget.stop();
      await sandbox.stop();
      await http.stop();
    },
  };
}

connectorContract("Exact Online", () => start());
connectorContract("an Exact Online that pages in the other order and never answers with a bare array", () =>
  start({ syncOrder: "id", bareArrays: "never", postStatus: 200 }),
);
