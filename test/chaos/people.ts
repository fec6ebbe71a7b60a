import type { System } from "../../src/domain/words.js";
import type { CustomcrmSandbox } from "../../src/sandbox/customcrm/index.js";
import type { ExactSandbox } from "../../src/sandbox/exact/index.js";
import type { Random } from "../../src/sandbox/kit/index.js";
import { tokenOf, tokensIn } from "./tokens.js";

export interface Entered {
  readonly token: string;
  readonly system: System | "API";
  readonly where: string;
  isReplaced: boolean;
}

/** A mutation as a client sends it, with the same key until it has an answer. */
export interface Sent {
  readonly key: string;
  readonly token: string;
  readonly document: string;
  readonly input: Record<string, unknown>;
  status: string | null;
}

type Row = Readonly<Record<string, unknown>>;

const cells = { CUSTOMCRM: ["Website", "Fax", "Description"], EXACT: ["Website", "Fax", "Remarks"] } as const;
const document = {
  create: "mutation New($input: CreateAccountInput!) { createAccount(input: $input) { status operation { id } userErrors { code } } }",
  update: "mutation Set($input: UpdateAccountInput!) { updateAccount(input: $input) { status operation { id } userErrors { code } } }",
};

/** People at both systems, by their control APIs, and a client of the gateway. Every value they enter is unlike any other. */
export class People {
  readonly entered = new Map<string, Entered>();
  readonly sent: Sent[] = [];
  /** Names of firms: each may stand at most once in each system. */
  readonly names: string[] = [];
  /** Runs of the sync that somebody has started. */
  readonly runs: string[] = [];
  #last = 0;

  constructor(
    private readonly exact: ExactSandbox,
    private readonly customcrm: CustomcrmSandbox,
    private readonly random: Random,
  ) {}

  /** Does one thing; `url`: a gateway that answers, if any. */
  async act(url: string | null): Promise<void> {
    const dice = this.random.next();
    if (dice < 0.35) await this.#edit("CUSTOMCRM");
    else if (dice < 0.65) await this.#edit("EXACT");
    else if (dice < 0.8) await this.#create();
    else if (dice < 0.97) await this.#mutate(url);
    else await this.#sync(url);
  }

  /**
   * Sends again what has no answer yet; the key makes it harmless. Gives how many mutations still have none, and how many runs are not
   * over.
   */
  async await(url: string | null): Promise<number> {
    const open = this.sent.filter((one) => one.status === null);
    if (url !== null) for (const one of open) await this.#send(url, one);
    const states = await Promise.all(this.runs.map((id) => (url === null ? null : ask(url, "query ($id: ID!) { syncRun(id: $id) { finishedAt } }", { id }))));
    const going = states.filter((state) => !(state?.syncRun as { finishedAt: string | null } | null | undefined)?.finishedAt);
    return open.filter((one) => one.status === null).length + going.length;
  }

  async #edit(system: System): Promise<void> {
    const origin = system === "EXACT" ? this.exact.origin : this.customcrm.origin;
    const [type, key] = system === "EXACT" ? ["Accounts", "ID"] : ["Customer", "Id"];
    const { rows } = (await control(origin, "GET", `/records?type=${type}&limit=1000`)) as { rows: readonly Row[] };
    if (rows.length === 0) return;
    const row = this.random.pick(rows.toSorted((a, b) => (String(a.Name) < String(b.Name) ? -1 : 1)));
    const property = this.random.pick(cells[system]);
    const token = this.#enter(system, `${String(row[key])} ${property}`);
    // A control call reads and writes in one turn of this process's only thread, but for this list: what it showed was seen.
    const [before] = tokensIn(String(this.#now(system, String(row[key]), property) ?? ""));
    await control(origin, "PUT", `/records/${type}/${String(row[key])}`, { [property]: token });
    const replaced = before === undefined ? undefined : this.entered.get(before);
    if (replaced) replaced.isReplaced = true;
  }

  #now(system: System, id: string, property: string): unknown {
    if (system === "CUSTOMCRM") return this.customcrm.core.find("Customer", id)?.values[property as "Fax"];
    return (this.exact.core.accounts.get(id) as Row | undefined)?.[property];
  }

  async #create(): Promise<void> {
    const name = this.#firm();
    const made = (await control(this.customcrm.origin, "POST", "/records/Customer", { Name: name, Email: `${name}@firm.example`, Country: "NL" })) as Row;
    const person = { FirstName: "P", LastName: `of ${name}`, Email: `p@${name}.example`, CustomerId: made.Id };
    if (this.random.next() < 0.5) await control(this.customcrm.origin, "POST", "/records/Contact", person);
  }

  async #mutate(url: string | null): Promise<void> {
    const key = `key-${this.sent.length}`;
    if (this.random.next() < 0.5) {
      const name = this.#firm();
      const input = { idempotencyKey: key, fields: { name, email: `${name}@api.example`, country: "NL" } };
      this.sent.push({ key, token: name, document: document.create, input, status: null });
    } else {
      const id = url === null ? null : await anyAccount(url, this.random);
      if (id === null) return;
      const token = this.#enter("API", id);
      this.sent.push({ key, token, document: document.update, input: { idempotencyKey: key, id, set: { phone: token } }, status: null });
    }
    const last = this.sent.at(-1);
    if (url !== null && last) await this.#send(url, last);
  }

  async #sync(url: string | null): Promise<void> {
    const answer = url === null ? null : await ask(url, "mutation { sync(input: { mode: FULL }) { run { id } } }");
    const { run } = (answer?.sync ?? { run: null }) as { run: { id: string } | null };
    if (run) this.runs.push(run.id);
  }

  async #send(url: string, one: Sent): Promise<void> {
    const answer = await ask(url, one.document, { input: one.input });
    const payload = Object.values(answer ?? {})[0] as { status: string; operation: { id: string } | null; userErrors: { code: string }[] } | null | undefined;
    // Refused before anything was recorded, for now: the same key may be sent again.
    const isForNow = payload?.operation === null && payload.userErrors.some(({ code }) => ["SYSTEM_UNAVAILABLE", "RATE_LIMITED", "PAUSED"].includes(code));
    if (payload && !isForNow) one.status = payload.status;
  }

  #firm(): string {
    const name = `firm-${tokenOf(++this.#last)}`;
    this.names.push(name);
    return name;
  }

  #enter(system: Entered["system"], where: string): string {
    const token = tokenOf(++this.#last);
    this.entered.set(token, { token, system, where, isReplaced: false });
    return token;
  }
}

/** null: there was no answer. */
async function ask(url: string, query: string, variables: object = {}): Promise<Record<string, unknown> | null> {
  const headers = { "content-type": "application/json" };
  const signal = AbortSignal.timeout(15_000);
  return fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }), signal })
    .then(async (answer) => ((await answer.json()) as { data?: Record<string, unknown> }).data ?? null)
    .catch(() => null);
}

async function anyAccount(url: string, random: Random): Promise<string | null> {
  const data = (await ask(url, "{ accounts(first: 200) { nodes { id link { state } } } }")) as {
    accounts: { nodes: { id: string; link: { state: string } }[] };
  } | null;
  const linked = data?.accounts?.nodes.filter((node) => node.link.state === "LINKED") ?? [];
  return linked.length === 0 ? null : random.pick(linked).id;
}

async function control(origin: string, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${origin}/_control${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
