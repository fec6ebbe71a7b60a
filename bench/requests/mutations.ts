import type { Fact } from "./alone.js";
import { cpuSeconds } from "./cores.js";
import { type Body, loadClosed } from "./load.js";
import { accountEntityId } from "./rows.js";
import type { RunningServer } from "./servers.js";
import { quantile, spreadOf } from "./stats.js";
import { type Systems, told } from "./systems.js";
import { bodyOf } from "./workloads.js";

const query = `mutation change($id: ID!, $phone: String!) {
  updateAccount(input: { id: $id, set: { phone: $phone } }) { status account { id phone } userErrors { message } }
}`;

/** A new phone number for one account after the other, so that no two clients want the same one. */
export function changes(accounts: number): () => Body {
  let made = 0;
  return () => {
    made += 1;
    return bodyOf({ name: "change", query }, { id: accountEntityId(made % accounts), phone: `+32 2 ${String(made).padStart(7, "0")}` });
  };
}

function mustBeApplied(answer: string): void {
  const { status } = (JSON.parse(answer) as { data: { updateAccount: { status: string } } }).data.updateAccount;
  if (status !== "APPLIED") throw new Error(`A mutation was not applied: ${answer.slice(0, 500)}`);
}

/** `updateAccount` of one field that both systems hold: written to both, read back, and told as done before it is answered. */
export async function mutations(server: RunningServer, systems: Systems, accounts: number, repeats: number, seconds: number): Promise<readonly Fact[]> {
  const next = changes(accounts);
  const run = (forMs: number) => loadClosed(server.origin, next, forMs, { check: mustBeApplied });
  await run(2_000);
  await systems.forgetCalls();
  const perCpuSecond: number[] = [];
  const middles: number[] = [];
  let applied = 0;
  for (let round = 0; round < repeats; round += 1) {
    const before = cpuSeconds(server.pid);
    const { requests, latenciesMs } = await run(seconds * 1000);
    perCpuSecond.push(requests / (cpuSeconds(server.pid) - before));
    middles.push(quantile(latenciesMs, 0.5));
    applied += requests;
  }
  const { exact, customcrm } = await systems.counts();
  const { median, least, most } = spreadOf(perCpuSecond);
  return [
    [
      "Mutations per CPU second: `updateAccount` of one field of a linked account",
      `${Math.round(median)} (${Math.round(least)}–${Math.round(most)}), p50 ${spreadOf(middles).median.toFixed(0)} ms`,
    ],
    ["Calls to Exact per mutation", told(exact, applied)],
    ["Calls to Customcrm per mutation", told(customcrm, applied)],
  ];
}
