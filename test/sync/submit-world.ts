import { unlimitedBudget } from "../../src/connectors/budget.js";
import { type CustomcrmConnector, createCustomcrmConnector } from "../../src/connectors/customcrm/connector.js";
import { createExactConnector, type ExactConnector } from "../../src/connectors/exact/index.js";
import { HttpClient } from "../../src/connectors/http.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Operation, SystemWrite } from "../../src/domain/operation.js";
import { defaultSettings, type SyncSettings } from "../../src/domain/settings.js";
import { type CustomcrmType, type EntityType, systems } from "../../src/domain/words.js";
import { type CustomcrmSandbox, type SettingsPatch, startCustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import { type ExactSandbox, type ExactSettings, startExactSandbox } from "../../src/sandbox/exact/index.js";
import { type Call, type NewFaultRule, VirtualClock } from "../../src/sandbox/kit/index.js";
import { MemoryStore } from "../../src/store/memory.js";
import type { Store } from "../../src/store/store.js";
import { announced } from "../../src/sync/announce.js";
import { Engine } from "../../src/sync/engine.js";
import { changeDataflow, dataflowState, planSettings } from "../../src/sync/policy.js";
import { type Submission, type SubmitParts, type Submitted, submit } from "../../src/sync/submit.js";

const begin = Date.UTC(2026, 2, 2, 12, 0, 0);
const age = { createdDaysAgo: 90, modifiedDaysAgo: 30 };

export const exactId = (n: number): string => `00000000-0000-4000-8000-0000000000${String(n).padStart(2, "0")}`;
const [vos, smit, alone] = [exactId(1), exactId(2), exactId(3)];

/** Two firms that both systems know, one with a contact; a firm that only Exact knows. */
const initial = {
  customcrm: {
    customers: [
      { Id: "c1", Name: "Vos Metaal", Email: "info@vos.nl", Phone: "010-1", ...age },
      { Id: "c2", Name: "Bakkerij Smit", Email: "info@smit.nl", Phone: "010-2", ...age },
    ],
    contacts: [{ Id: "p1", FirstName: "Eva", LastName: "Vos", Email: "eva@vos.nl", CustomerId: "c1", ...age }],
    products: [],
  },
  exact: {
    accounts: [
      { ID: vos, Name: "Vos Metaal", Email: "info@vos.nl", Phone: "010-1", Status: "C", ...age },
      { ID: smit, Name: "Bakkerij Smit", Email: "info@smit.nl", Phone: "010-2", Status: "C", ...age },
      { ID: alone, Name: "Alleen BV", Email: "info@alleen.nl", Phone: "010-3", Status: "C", ...age },
    ],
    contacts: [{ ID: exactId(9), FirstName: "Eva", LastName: "Vos", Email: "eva@vos.nl", Account: vos, ...age }],
  },
};

export interface WorldOptions {
  readonly exact?: Partial<ExactSettings>;
  readonly customcrm?: SettingsPatch;
  readonly settings?: Partial<SyncSettings>;
  readonly firstContact?: "live" | "review";
  /** Puts something between the sync and its store. */
  readonly wrap?: (store: Store) => Store;
  readonly store?: Store;
}

/** Both sandboxes over HTTP, one store, and the sync between them, on a clock that only the test moves. */
export class SubmitWorld {
  readonly announced: string[] = [];
  readonly faultsOfOurs: unknown[] = [];
  #mark = { exact: 0, customcrm: 0 };
  #ids = 0;

  private constructor(
    readonly clock: VirtualClock,
    readonly exact: ExactSandbox,
    readonly customcrm: CustomcrmSandbox,
    readonly connectors: { readonly EXACT: ExactConnector; readonly CUSTOMCRM: CustomcrmConnector },
    readonly store: Store,
    readonly settings: SyncSettings,
    private readonly options: WorldOptions,
    private readonly stops: (() => Promise<unknown>)[],
  ) {
    store.events.subscribe((message) => {
      if (message.topic === "entity")
        this.announced.push(`${message.event.kind} ${message.event.entityId} ${message.event.source}: ${message.event.fields.join(",")}`);
    });
  }

  static async start(options: WorldOptions = {}): Promise<SubmitWorld> {
    const clock = new VirtualClock(begin);
    const now = () => clock.now();
    const unlimited = { minuteLimit: null, dayLimit: null, fairUseLimit: null, errorLimit: null };
    const exact = await startExactSandbox({ clock, initial: initial.exact, settings: { ...unlimited, ...options.exact } });
    const customcrm = await startCustomcrmSandbox({ clock, initial: initial.customcrm, settings: options.customcrm ?? {} });
    const store = announced(options.store ?? new MemoryStore({ clock: now }), now, () => {});
    const timeoutMs = 250;
    const http = new HttpClient({ system: "EXACT", baseUrl: exact.origin, timeoutMs, halfOpenAfterMs: [1], clock: now });
    const crmHttp = new HttpClient({ system: "CUSTOMCRM", baseUrl: `${customcrm.origin}/api/v1`, timeoutMs, halfOpenAfterMs: [1], clock: now });
    const redirectUri = "http://127.0.0.1:4000/auth/exact/callback";
    const { clientId, clientSecret } = exact.settings;
    const exactConnector = createExactConnector({
      baseUrl: exact.origin,
      clientId,
      clientSecret,
      redirectUri,
      division: null,
      secrets: store.secrets,
      leases: store.leases,
      documents: store.documents,
      budget: unlimitedBudget("EXACT"),
      http,
      clock: now,
    });
    const state = new URL(await exactConnector.authorizationUrl()).searchParams.get("state") ?? "";
    await exactConnector.completeConsent(new URLSearchParams({ code: exact.issueCode(redirectUri), state }).toString(), { class: "interactive" });
    const customcrmConnector = createCustomcrmConnector({ baseUrl: `${customcrm.origin}/api/v1`, token: customcrm.settings.token, http: crmHttp, clock: now });
    const settings = { ...defaultSettings, overlapMs: 60_000, quarantineMs: 60_000, ...options.settings };
    const stops = [() => http.stop(), () => crmHttp.stop(), () => exact.stop(), () => customcrm.stop()];
    const world = new SubmitWorld(clock, exact, customcrm, { EXACT: exactConnector, CUSTOMCRM: customcrmConnector }, store, settings, options, stops);
    await world.settle();
    world.startCounting();
    return world;
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop();
  }

  /** A gateway process; several share the store. */
  parts(store: Store = this.options.wrap?.(this.store) ?? this.store): SubmitParts {
    const clock = () => this.clock.now();
    return {
      store,
      connectors: this.connectors,
      settings: this.settings,
      clock,
      policy: async (type) => planSettings(this.settings, await dataflowState(this.store, type, this.options.firstContact ?? "live")),
      newId: (type) => `${{ ACCOUNT: "acc", CONTACT: "con", PRODUCT: "prd" }[type]}_${++this.#ids}`,
      newIntentId: () => `intent-${++this.#ids}`,
      newOperationId: () => `op-${++this.#ids}`,
      random: () => 0.5,
      onError: (error) => this.faultsOfOurs.push(error),
    };
  }

  submit(submission: Partial<Submission> & Pick<Submission, "kind" | "type">, parts: SubmitParts = this.parts()): Promise<Submitted> {
    return submit(parts, { id: null, fields: {}, caller: "anna", deadlineMs: 5_000, ...submission });
  }

  create(type: EntityType, fields: Submission["fields"], more: Partial<Submission> = {}): Promise<Submitted> {
    return this.submit({ kind: "CREATE", type, fields, ...more });
  }

  async update(type: EntityType, id: string, fields: Submission["fields"], more: Partial<Submission> = {}): Promise<Submitted> {
    return this.submit({ kind: "UPDATE", type, id, fields, ...more });
  }

  remove(type: EntityType, id: string, more: Partial<Submission> = {}): Promise<Submitted> {
    return this.submit({ kind: "DELETE", type, id, ...more });
  }

  /** What the background does: reads both systems, and settles what is marked and due. */
  async settle(parts: SubmitParts = this.parts(this.store)): Promise<void> {
    const engine = new Engine(parts);
    for (const system of systems) await engine.poll(system).catch(() => {});
    await engine.sweep();
    await engine.drain();
  }

  /** Time goes by, and the background works. */
  async later(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }

  /** Until nothing is owed any more. */
  async calm(): Promise<void> {
    this.exact.faults.clear();
    this.customcrm.faults.clear();
    for (let i = 0; i < 6; i++) await this.later(700_000);
  }

  async entity(id: string): Promise<Entity | null> {
    return (await this.store.entities.get([id]))[0] ?? null;
  }

  async idOf(name: string, type: EntityType = "ACCOUNT"): Promise<string> {
    const page = await this.store.entities.list({ type, name: { equals: name }, terms: {}, order: "NAME_ASC" }, 2, null);
    const [one, other] = page.entities;
    if (!one || other) throw new Error(`${page.entities.length} entities are named ${name}.`);
    return one.id;
  }

  async operation(id: string | undefined): Promise<Operation | null> {
    return (await this.store.documents.get<Operation>("operation", id ?? ""))?.value ?? null;
  }

  async history(id: string): Promise<readonly string[]> {
    const { events } = await this.store.entities.history(id, 100, null);
    return events.map(
      (event) =>
        `${event.kind} by ${event.source}: ${event.fields.map((one) => `${one.field} ${one.before} → ${one.after}${one.lost === null ? "" : ` (lost ${one.lost})`}`).join(", ")}`,
    );
  }

  // ---------------------------------------------------------------------------------------------- the systems, as persons see them

  inExact(id: string | null | undefined, kind: "Accounts" | "Contacts" = "Accounts"): Readonly<Record<string, unknown>> | null {
    return (id && this.exact.core.table(kind).get(id)) || null;
  }

  inCustomcrm(id: string | null | undefined, type: CustomcrmType = "Customer"): Readonly<Record<string, unknown>> | null {
    return (id && this.customcrm.core.find(type, id)?.values) || null;
  }

  /** How many records each system has, of all kinds. */
  census(): { readonly exact: number; readonly customcrm: number } {
    const { core } = this.customcrm;
    return {
      exact: this.exact.core.accounts.size + this.exact.core.contacts.size,
      customcrm: core.all("Customer").length + core.all("Contact").length + core.all("Product").length,
    };
  }

  exactFault(method: string, fault: NewFaultRule["fault"], more: Partial<NewFaultRule> = {}): void {
    this.exact.faults.add({ method, path: "/api/v1/", times: 1, ...more, fault });
  }

  customcrmFault(method: string, fault: NewFaultRule["fault"], more: Partial<NewFaultRule> = {}): void {
    this.customcrm.faults.add({ method, path: "/api/v1/", times: 1, ...more, fault });
  }

  pause(type: EntityType): Promise<unknown> {
    const problem = {
      code: "PAUSED" as const,
      message: "A person paused it.",
      system: null,
      field: null,
      since: new Date(begin).toISOString(),
      attempts: 0,
      nextAttemptAt: null,
    };
    return changeDataflow(this.store, type, "live", (state) => ({ ...state, paused: problem }));
  }

  // ---------------------------------------------------------------------------------------------- calls

  startCounting(): void {
    this.#mark = { exact: this.exact.calls.all().length, customcrm: this.customcrm.calls.all().length };
  }

  /** The calls since then, by method, in their order. */
  calls(): { readonly exact: readonly string[]; readonly customcrm: readonly string[] } {
    const methods = (calls: readonly Call[], from: number) =>
      calls
        .slice(from)
        .filter(({ path }) => path.startsWith("/api/v1/"))
        .map(({ method }) => method);
    return { exact: methods(this.exact.calls.all(), this.#mark.exact), customcrm: methods(this.customcrm.calls.all(), this.#mark.customcrm) };
  }
}

/** The same part, such as a connector or a store's, with some members of the test's own. */
export function withMethods<P extends object>(part: P, methods: Partial<P>): P {
  return new Proxy(part, {
    get: (target, name) => {
      const found = Reflect.get(name in methods ? methods : target, name) as unknown;
      return typeof found === "function" && !(name in methods) ? found.bind(target) : found;
    },
  });
}

/** `EXACT APPLIED`, stricter side first. */
export const writesOf = (operation: Operation | null): readonly string[] => (operation?.writes ?? []).map((one: SystemWrite) => `${one.system} ${one.status}`);
export const codesOf = ({ userErrors }: { readonly userErrors: Submitted["userErrors"] }): readonly string[] => userErrors.map((one) => one.code);
