import { type LeftOut, runWorld, type WorldOptions, type WorldReport } from "./world.js";

/** A broken world made as small as it could be, and what it was made of before. */
interface Shrunk {
  readonly options: WorldOptions;
  readonly report: WorldReport;
  readonly tried: number;
}

type Piece = readonly [kind: keyof LeftOut, number: number];

/** The promise that a violation names. */
const promiseOf = (violation: string): string => violation.split(" ")[0] ?? "";

/** Leaves out acts, faults and kills, as long as the same promise breaks: what is left is what it takes. */
export async function shrink(options: WorldOptions, report: WorldReport, most = 400, run = runWorld): Promise<Shrunk> {
  const promise = promiseOf(report.violations[0] ?? "");
  let best: Shrunk = { options, report, tried: 0 };
  let tried = 0;
  const breaks = async (leftOut: readonly Piece[]): Promise<boolean> => {
    if (tried >= most) return false;
    tried++;
    const smaller = { ...options, without: withoutOf(leftOut) };
    const found = await run(smaller);
    if (!found.violations.some((one) => promiseOf(one) === promise)) return false;
    best = { options: smaller, report: found, tried };
    return true;
  };
  let leftOut = piecesOf(options.without ?? {});
  // What is left out changes the course of things, so that pieces appear which were not there before.
  for (let before = -1; before !== leftOut.length && tried < most; ) {
    before = leftOut.length;
    leftOut = await fewest(rest(best.report, leftOut), leftOut, breaks);
  }
  return { ...best, tried };
}

/** Everything that can be left out without the fault going away: first halves, then ever smaller parts. */
async function fewest<T>(pieces: readonly T[], leftOut: readonly T[], breaks: (leftOut: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let kept = [...pieces];
  let out = [...leftOut];
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const part = kept.slice(at, at + size);
      if (await breaks([...out, ...part])) {
        out = [...out, ...part];
        kept = [...kept.slice(0, at), ...kept.slice(at + size)];
      } else at += size;
    }
  }
  return out;
}

const kinds = ["faults", "kills", "acts"] as const;

function rest({ pieces }: WorldReport, leftOut: readonly Piece[]): readonly Piece[] {
  const known = new Set(leftOut.map(String));
  return kinds.flatMap((kind) => Array.from({ length: pieces[kind] }, (_, i): Piece => [kind, i])).filter((piece) => !known.has(String(piece)));
}

const withoutOf = (pieces: readonly Piece[]): LeftOut =>
  Object.fromEntries(kinds.map((kind) => [kind, pieces.flatMap(([one, number]) => (one === kind ? [number] : [])).sort((a, b) => a - b)]));
const piecesOf = (without: LeftOut): readonly Piece[] => kinds.flatMap((kind) => (without[kind] ?? []).map((number): Piece => [kind, number]));

/** What is left out, as `--without` takes it: `acts=0-3,7 faults=0-40`. */
export function leftOutText(without: LeftOut): string {
  return kinds.flatMap((kind) => ((without[kind]?.length ?? 0) > 0 ? [`${kind}=${rangesOf(without[kind] ?? [])}`] : [])).join(" ");
}

export function leftOutOf(text: string): LeftOut {
  const entries = text.split(" ").filter((part) => part !== "");
  return Object.fromEntries(
    entries.map((entry) => {
      const [kind, list] = entry.split("=");
      if (!kinds.some((one) => one === kind) || !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list ?? ""))
        throw new Error(`--without takes parts such as "acts=0-3,7 faults=0-40 kills=1", not "${entry}".`);
      return [kind, (list ?? "").split(",").flatMap(numbersIn)];
    }),
  );
}

function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

function numbersIn(range: string): readonly number[] {
  const [from = 0, to = from] = range.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
