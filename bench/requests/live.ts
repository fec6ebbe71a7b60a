import type { Fact } from "./alone.js";
import { loadClosed } from "./load.js";
import type { RunningServer } from "./servers.js";
import { quantile } from "./stats.js";
import { type Systems, told } from "./systems.js";
import { bodyOf, type Choice } from "./workloads.js";

const latencyMs = 80;
const timesPerRound = 5;
const first = 100;

const both = "id name customcrm { recordId asOf name phone } exact { recordId asOf name phone }";
const shapes: readonly { readonly title: string; readonly selection: string }[] = [
  { title: `${first} accounts with both sides`, selection: both },
  {
    title: `${first} accounts with both sides and 5 contacts each`,
    selection: `${both} contacts(first: 5) { nodes { id customcrm { recordId asOf } exact { recordId asOf } } }`,
  },
];

/**
 * Lists read anew from systems that take 80 ms for each answer. Exact's vendor asks for calls to a division one after the other, so that
 * the longest chain is the calls for the records of one type that it is asked for most; everything else can go beside it.
 */
export async function live(server: RunningServer, systems: Systems, { random, cursors }: Choice, repeats: number): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const { title, selection } of shapes) {
    const query = `query live($after: String) { accounts(first: ${first}, after: $after, maxAge: 0) { nodes { ${selection} } } }`;
    // Pages of cursors are half as long.
    const next = () => bodyOf({ name: "live", query }, { after: random.pick(cursors.slice(0, -1)) });
    const once = async () => (await loadClosed(server.origin, next, 1, { clients: 1, check: mustBeWhole })).latenciesMs[0] ?? Number.NaN;
    // Compiled and connected, at no cost of time.
    for (let time = 0; time < timesPerRound; time += 1) await once();
    const { times, counts } = await systems.late(latencyMs, async () => {
      await systems.forgetCalls();
      const all: number[] = [];
      for (let time = 0; time < repeats * timesPerRound; time += 1) all.push(await once());
      return { times: all.sort((a, b) => a - b), counts: await systems.counts() };
    });
    const chain = Math.max(...Object.values(counts.exact)) / times.length;
    const median = quantile(times, 0.5);
    const multiple = (median / (chain * latencyMs)).toFixed(2);
    const range = `${quantile(times, 0).toFixed(0)}–${quantile(times, 1).toFixed(0)}`;
    facts.push(
      [`Live, ${title}: calls to Exact`, told(counts.exact, times.length)],
      [`Live, ${title}: calls to Customcrm`, told(counts.customcrm, times.length)],
      [`Live, ${title}: time, systems ${latencyMs} ms away`, `${median.toFixed(0)} ms (${range}), ${multiple} times a chain of ${chain} calls`],
    );
  }
  return facts;
}

function mustBeWhole(answer: string): void {
  const { data, errors } = JSON.parse(answer) as { data: { accounts: { nodes: readonly unknown[] } }; errors?: readonly unknown[] };
  if (errors || data.accounts.nodes.length !== first) throw new Error(`A live list is not whole: ${JSON.stringify(errors)?.slice(0, 500)}`);
}
