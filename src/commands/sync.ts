import { parseArgs } from "node:util";
import { InvalidInputError } from "../domain/errors.js";
import type { PlanCost, PlannedAction, PlannedActionKind, RunProgress, RunState } from "../domain/run.js";
import { type ChangeSource, type EntityType, entityTypes } from "../domain/words.js";

export interface SyncWorld {
  /** The gateway's address, without a path. */
  readonly url: string;
  /** For a gateway that asks who one is; null: none is sent. */
  readonly apiKey: string | null;
  readonly print: (text: string) => void;
  /** Whether a line can be written over, and how wide it is. */
  readonly isTTY: boolean;
  readonly columns: number;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Somebody wants it to end: the run is cancelled. */
  readonly signal?: AbortSignal;
}

const help = `npm run sync -- [--full] [--dry-run] [--types ACCOUNT,CONTACT,PRODUCT]

Starts a run of the gateway at PORT (4000), shows how far it is, and what it did.
--full      compares everything with everything; else only what changed
--dry-run   plans, writes nothing, and prints the plan with its cost
--types     what is compared and reported
A gateway with API_KEYS takes one of them from TANDEM_API_KEY.
`;

const everyMs = 500;
/** In a log, a line of its own now and then. */
const logEveryMs = 10_000;
/** Of a plan's actions of one kind, so many are printed one by one. */
const shown = 10;

/** Returns the exit code: 0 when the run came to its end. */
export async function syncCommand(args: readonly string[], world: SyncWorld): Promise<number> {
  try {
    const options = optionsOf(args);
    if (options === "help") {
      world.print(help);
      return 0;
    }
    const id = await start(world, options);
    const run = await watch(world, id);
    if (world.isTTY) world.print("\n");
    if (run.problem) world.print(`${run.problem.message}\n`);
    await printPlan(world, id, options.isDry);
    if (options.isDry) world.print(costLines(run.cost));
    world.print(`${endings[run.state]} ${summaryOf(run.progress, options.isDry)}\n`);
    return run.state === "DONE" ? 0 : 1;
  } catch (error) {
    if (!(error instanceof InvalidInputError || error instanceof GatewayError)) throw error;
    world.print(`${error.message}\n`);
    return 1;
  }
}

class GatewayError extends Error {
  override readonly name = "GatewayError";
}

interface Options {
  readonly isFull: boolean;
  readonly isDry: boolean;
  readonly types: readonly EntityType[] | null;
}

function optionsOf(args: readonly string[]): Options | "help" {
  const { values } = parsed(args);
  if (values.help) return "help";
  const named = values.types?.split(",").map((name) => name.trim().toUpperCase()) ?? null;
  const unknown = named?.filter((name) => !entityTypes.some((type) => type === name)) ?? [];
  if (unknown.length > 0) throw new InvalidInputError(`--types takes ${entityTypes.join(", ")}; got ${unknown.join(", ")}.`);
  return { isFull: values.full ?? false, isDry: values["dry-run"] ?? false, types: named && entityTypes.filter((type) => named.includes(type)) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { full: { type: "boolean" }, "dry-run": { type: "boolean" }, types: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    throw new InvalidInputError(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
}

async function start(world: SyncWorld, { isFull, isDry, types }: Options): Promise<string> {
  const input = { mode: isFull ? "FULL" : "CHANGES", dryRun: isDry, ...(types ? { types } : {}) };
  const query = "mutation ($input: SyncInput!) { sync(input: $input) { run { id } userErrors { message } } }";
  const { sync } = await ask<{ sync: { run: { id: string } | null; userErrors: readonly { message: string }[] } }>(world, query, { input });
  if (!sync.run) throw new GatewayError(sync.userErrors.map(({ message }) => message).join(" "));
  return sync.run.id;
}

interface RunAnswer {
  readonly state: RunState;
  readonly progress: RunProgress;
  readonly cost: readonly PlanCost[];
  readonly problem: { readonly message: string } | null;
}

const runQuery = `query ($id: ID!) { syncRun(id: $id) { state problem { message } cost { system reads writes seconds }
  progress { read total linked created updated deleted unchanged review failed etaSeconds } } }`;

async function watch(world: SyncWorld, id: string): Promise<RunAnswer> {
  let isCancelled = false;
  for (let waited = 0; ; waited += everyMs) {
    const { syncRun } = await ask<{ syncRun: RunAnswer | null }>(world, runQuery, { id });
    if (!syncRun) throw new GatewayError(`The gateway knows the run ${id} no longer.`);
    if (world.isTTY) world.print(`\r${progressBar(syncRun.progress, world.columns)}`);
    else if (waited > 0 && waited % logEveryMs === 0) world.print(`${progressBar(syncRun.progress, world.columns)}\n`);
    if (!["QUEUED", "RUNNING"].includes(syncRun.state)) return syncRun;
    if (world.signal?.aborted && !isCancelled) {
      isCancelled = true;
      await ask(world, "mutation ($id: ID!) { cancelSync(id: $id) { run { id } } }", { id });
    }
    await world.sleep(everyMs);
  }
}

/** One line, as wide as the screen: how much was read, where that is known, and what came of it. */
export function progressBar(progress: RunProgress, columns: number): string {
  const { read, total, etaSeconds } = progress;
  const told = `${total === null ? `${read} read` : `${read} of ${total}`}  ${countsOf(progress)}${etaSeconds === null ? "" : `  ${durationOf(etaSeconds)} left`}`;
  const width = Math.min(30, columns - told.length - 4);
  if (total === null || total === 0 || width < 5) return told.slice(0, columns - 1).padEnd(columns - 1);
  const filled = Math.round((Math.min(read, total) / total) * width);
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}] ${told}`.padEnd(columns - 1);
}

const countsOf = ({ linked, created, updated, deleted, review, failed }: RunProgress): string =>
  Object.entries({ linked, created, updated, deleted, review, failed })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");

const endings: { readonly [S in RunState]: string } = {
  DONE: "Done:",
  FAILED: "Failed:",
  CANCELLED: "Cancelled:",
  QUEUED: "Queued:",
  RUNNING: "Running:",
};

function summaryOf(progress: RunProgress, isDry: boolean): string {
  const counts = countsOf(progress);
  return `${progress.read} records read, ${counts === "" ? "nothing to do" : `${counts}${isDry ? " (planned; nothing was written)" : ""}`}, ${progress.unchanged} unchanged.`;
}

interface PlanPage {
  readonly nodes: readonly PlannedAction[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const planQuery = `query ($id: ID!, $after: String) { syncRun(id: $id) { plan(first: 200, after: $after) {
  nodes { kind type system label reason fields { field before after lost lostFrom } } pageInfo { hasNextPage endCursor } } } }`;

/** How many of each kind; of a dry run also the first ones, field by field. */
async function printPlan(world: SyncWorld, id: string, isDry: boolean): Promise<void> {
  const kinds = new Map<string, { count: number; readonly examples: PlannedAction[] }>();
  for (let after: string | null = null, more = true; more; ) {
    const answer: { syncRun: { plan: PlanPage } | null } = await ask(world, planQuery, { id, after });
    for (const action of answer.syncRun?.plan.nodes ?? []) {
      const key = `${action.kind} ${action.type}`;
      const kind = kinds.get(key) ?? { count: 0, examples: [] };
      kind.count++;
      if (kind.examples.length < shown) kind.examples.push(action);
      kinds.set(key, kind);
    }
    after = answer.syncRun?.plan.pageInfo.endCursor ?? null;
    more = answer.syncRun?.plan.pageInfo.hasNextPage ?? false;
  }
  for (const [key, { count, examples }] of [...kinds].sort(([a], [b]) => a.localeCompare(b))) {
    world.print(`${String(count).padStart(7)}  ${key.toLowerCase()}\n`);
    if (!isDry) continue;
    for (const action of examples) world.print(actionLines(action));
    if (count > examples.length) world.print(`             and ${count - examples.length} more\n`);
  }
}

const hidden: readonly PlannedActionKind[] = ["LINK", "CREATE"];

function actionLines({ kind, label, reason, fields }: PlannedAction): string {
  const changes = hidden.includes(kind)
    ? []
    : fields.map(({ field, before, after, lost, lostFrom }) => {
        const loser = lostFrom === null ? "" : `; ${titles[lostFrom]} value loses`;
        return `             ${field}: ${quoted(lostFrom === null ? before : lost)} becomes ${quoted(after)}${loser}\n`;
      });
  return `           ${label}: ${reason}\n${changes.join("")}`;
}

const titles: { readonly [S in ChangeSource]: string } = { CUSTOMCRM: "Customcrm's", EXACT: "Exact Online's", GATEWAY: "the client's" };

const quoted = (value: string | null): string => (value === null ? "nothing" : `"${value}"`);

const costLines = (cost: readonly PlanCost[]): string =>
  cost
    .map(({ system, reads, writes, seconds }) => `Cost at ${system}: ${reads} reads and ${writes} writes, ${durationOf(seconds)} at the present budget.\n`)
    .join("");

function durationOf(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return seconds < 36 * 3_600 ? `${Math.round(seconds / 3_600)} h` : `${Math.ceil(seconds / 86_400)} days`;
}

async function ask<R>({ url, apiKey }: SyncWorld, query: string, variables: object): Promise<R> {
  const headers = { "content-type": "application/json", ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }) };
  const response = await fetch(`${url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) }).catch((cause: unknown) => {
    throw new GatewayError(`No gateway answers at ${url}. Start it with npm start, or set PORT to where it listens.`, { cause });
  });
  const answer = (await response.json().catch(() => ({}))) as { data?: R | null; errors?: readonly { message: string }[] };
  if (!answer.data)
    throw new GatewayError(answer.errors?.map(({ message }) => message).join(" ") ?? `${url} gave status ${response.status}: is that a gateway?`);
  return answer.data;
}
