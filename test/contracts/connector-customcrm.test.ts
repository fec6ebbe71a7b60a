import { createCustomcrmConnector } from "../../src/connectors/customcrm/connector.js";
import { HttpClient } from "../../src/connectors/http.js";
import { isoTime } from "../../src/domain/words.js";
import { type Capability, startCustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import { type ConnectorFault, type ConnectorWorld, connectorContract } from "./connector.js";

type Settings = NonNullable<Parameters<typeof startCustomcrmSandbox>[0]>["settings"];

async function start(off: readonly Capability[], settings: Settings = {}): Promise<ConnectorWorld> {
  const capabilities = Object.fromEntries(off.map((capability) => [capability, false]));
  const initial = { customers: [], contacts: [], products: [] };
  const sandbox = await startCustomcrmSandbox({ initial, settings: { ...settings, capabilities } });
  const baseUrl = `${sandbox.origin}/api/v1`;
  const clock = () => sandbox.clock.now();
  const http = new HttpClient({ system: "CUSTOMCRM", baseUrl, clock, timeoutMs: 400, halfOpenAfterMs: [30] });
  const connector = createCustomcrmConnector({ baseUrl, token: sandbox.settings.token, capabilities, http, clock });
  const type = (name: string) => name as "Customer" | "Contact" | "Product";
  // What a person needs to enter beside what the test is about.
  const texts = (properties: object) => Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value === null ? null : String(value)]));
  return {
    connector,
    account: { type: "Customer", name: "Name", email: "Email", city: "City" },
    contact: { type: "Contact", lastName: "LastName", firstName: "FirstName", account: "CustomerId" },
    foreignType: "Accounts",
    person: {
      create: (name, properties) => sandbox.core.create(type(name), texts(properties)).id,
      edit: (name, id, properties) => void sandbox.core.patch(type(name), id, texts(properties)),
      remove: (name, id) => sandbox.core.remove(type(name), id),
      read: (name, id) => sandbox.core.find(type(name), id)?.values ?? null,
    },
    fail: (fault, method) => void sandbox.faults.add({ ...(method ? { method } : {}), times: 1, fault: faults[fault] }),
    setDown: (down) => sandbox.setDown(down),
    calls: () => sandbox.calls.all().filter(({ path }) => path.startsWith("/api/")).length,
    now: () => isoTime(sandbox.clock.now()),
    pause: () => new Promise((resolve) => setTimeout(resolve, 60)),
    feedsTellDeletions: !off.includes("changes"),
    stop: async () => {
      await sandbox.stop();
      await connector.stop();
    },
  };
}

type Fault = Parameters<Awaited<ReturnType<typeof startCustomcrmSandbox>>["faults"]["add"]>[0]["fault"];
const faults: { readonly [F in ConnectorFault]: Fault } = {
  "lost-before": { kind: "reset-before" },
  "lost-after": { kind: "reset-after" },
  hang: { kind: "hang" },
  "html-502": { kind: "html-502" },
  garbage: { kind: "garbage" },
  "half-body": { kind: "half-body" },
  "too-many": {
    kind: "status",
    status: 429,
    headers: { "Retry-After": "5", "Content-Type": "application/problem+json" },
    body: { type: "urn:customcrm:too-many-requests", title: "Too many", status: 429 },
  },
};

connectorContract("Customcrm", () => start([]));
connectorContract("a Customcrm without any of the capabilities", () => start(["changes", "ifMatch", "idempotencyKey", "webhooks", "ids"]));
connectorContract('a Customcrm that says "" for no value', () => start([], { noValue: "empty" }));
