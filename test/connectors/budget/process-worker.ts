import { createClient } from "redis";
import { exactBudgetRules, SharedBudget } from "../../../src/connectors/budget.js";
import type { CallClass } from "../../../src/connectors/connector.js";
import type { BudgetStore } from "../../../src/store/budget.js";
import { RedisBudgetStore } from "../../../src/store/budget-redis.js";

/** What one gateway process is told to do, and what it tells: it runs in steps of the time that its parent gives. */
export interface WorkerTask {
  readonly name: string;
  readonly socket: string;
  /** A read of Exact, and the token for it. */
  readonly url: string;
  readonly accessToken: string;
  readonly startAt: number;
  readonly loops: readonly CallClass[];
  /** One call of a person each so often. */
  readonly interactiveEveryMs: number;
  readonly latencyMs: number;
}
export type ToWorker = { readonly kind: "time"; readonly now: number } | { readonly kind: "end" };
export type FromWorker = { readonly kind: "idle"; readonly next: number } | { readonly kind: "waited"; readonly ms: number };

const task = JSON.parse(process.argv[2] ?? "{}") as WorkerTask;
const tell = (message: FromWorker) => process.send?.(message);

let now = task.startAt;
let busy = 0;
let timers: { readonly at: number; readonly run: () => void }[] = [];
const schedule = (ms: number, run: () => void) => {
  const timer = { at: now + ms, run };
  timers.push(timer);
  return () => {
    timers = timers.filter((one) => one !== timer);
  };
};
const sleep = (ms: number) => new Promise<void>((resolve) => schedule(ms, resolve));

/** What goes over a socket takes no time of this world; the next step waits for it. */
async function io<T>(run: () => Promise<T>): Promise<T> {
  busy++;
  try {
    return await run();
  } finally {
    busy--;
  }
}

const client = await createClient({ socket: { path: task.socket, tls: false } }).connect();
const redis = new RedisBudgetStore(client, (name) => `{processes}:${name}`, "1", exactBudgetRules);
const store: BudgetStore = {
  admit: (...args) => io(() => redis.admit(...args)),
  settle: (...args) => io(() => redis.settle(...args)),
  read: () => io(() => redis.read()),
};
let ids = 0;
const budget = new SharedBudget({ system: "EXACT", store, clock: () => now, schedule, newId: () => `${task.name}.${ids++}`, maxConcurrent: 2 });

async function call(callClass: CallClass): Promise<void> {
  const askedAt = now;
  const permit = await budget.admit({ endpoint: "crm/Accounts", class: callClass, counted: "all", deadline: now + 600_000 });
  if (callClass === "interactive") tell({ kind: "waited", ms: now - askedAt });
  await sleep(task.latencyMs / 2);
  const outcome = await io(async () => {
    const response = await fetch(task.url, { headers: { accept: "application/json", authorization: `Bearer ${task.accessToken}` } });
    await response.arrayBuffer();
    return { status: response.status, headers: Object.fromEntries(response.headers) };
  });
  await sleep(task.latencyMs / 2);
  await permit.done(outcome);
}

for (const callClass of task.loops) {
  void (async () => {
    for (;;) await call(callClass);
  })();
}
void (async () => {
  while (task.interactiveEveryMs > 0) {
    await sleep(task.interactiveEveryMs);
    void call("interactive");
  }
})();

async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet = busy === 0 ? quiet + 1 : 0) await new Promise((resolve) => setImmediate(resolve));
}

async function step(to: number): Promise<void> {
  now = to;
  for (;;) {
    const due = timers.find((timer) => timer.at <= now);
    if (!due) break;
    timers = timers.filter((timer) => timer !== due);
    due.run();
    await settled();
  }
  await settled();
  tell({ kind: "idle", next: Math.min(Number.MAX_SAFE_INTEGER, ...timers.map((timer) => timer.at)) });
}

process.on("message", (message: ToWorker) => {
  if (message.kind === "time") return void step(message.now);
  client.destroy();
  process.disconnect();
});
await step(now);
