import type { Dataflow } from "../../domain/dataflow.js";
import type { EntityQuery, PieceReader } from "../../store/store.js";

/** Thrown where an answer can't be put together from pieces: it has to be executed, which tells whatever there is to tell. */
export class NotSpliced extends Error {
  constructor(readonly why: string) {
    super(`The answer has to be executed: ${why}.`);
  }
}

/** What a request reads, and by which variables. */
export interface Reading {
  readonly pieces: PieceReader;
  readonly values: { readonly [variable: string]: unknown };
  count(query: EntityQuery): Promise<number>;
}

/** JSON of what stands at a place of a list of parents. */
type Write = (place: number) => string;

/**
 * What becomes of a parent in an answer: at once, or after everything that it takes was read for all its parents together. So
 * an answer is read level by level, and written from top to bottom.
 */
export type Part<P> =
  | { readonly direct: (parent: P) => string; readonly load?: never }
  | { readonly load: (parents: readonly P[], reading: Reading) => Write | Promise<Write>; readonly direct?: never };

export const constant = (json: string): Part<unknown> => ({ direct: () => json });

/** An object with these members. */
export function objectOf<P>(members: readonly (readonly [string, Part<P>])[]): Part<P> {
  if (members.length === 0) return constant("{}");
  const before = members.map(([name], i) => `${i === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  const directs = members.map(([, { direct }]) => direct);
  const loads = members.map(([, { load }]) => load);
  if (loads.every((load) => load === undefined)) {
    return {
      direct(parent) {
        let text = "";
        for (let i = 0; i < before.length; i++) text += (before[i] as string) + (directs[i] as (parent: P) => string)(parent);
        return `${text}}`;
      },
    };
  }
  return {
    load: (parents, reading) =>
      thereafter(
        all(loads.map((load) => load && begun(load, parents, reading))),
        (writes): Write =>
          (place) => {
            let text = "";
            for (let i = 0; i < before.length; i++) text += (before[i] as string) + (directs[i]?.(parents[place] as P) ?? (writes[i] as Write)(place));
            return `${text}}`;
          },
      ),
  };
}

/** What fails at once fails like what fails later: whatever was begun beside it is waited for. */
function begun<P>(load: NonNullable<Part<P>["load"]>, parents: readonly P[], reading: Reading): Write | Promise<Write> {
  try {
    return load(parents, reading);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Most objects have one member that is waited for. */
function all<T>(values: readonly (T | Promise<T>)[]): Promise<readonly T[]> | readonly T[] {
  return values.some((one) => one instanceof Promise) ? Promise.all(values) : (values as readonly T[]);
}

/** At once where nothing has to be waited for: a promise costs more than most of what is done with it. */
const thereafter = <A, B>(value: A | Promise<A>, next: (value: A) => B | Promise<B>): B | Promise<B> =>
  value instanceof Promise ? value.then(next) : next(value);

/** A part of what `of` makes of a parent. */
export function mapped<A, B>(part: Part<B>, of: (parent: A) => B): Part<A> {
  const { direct, load } = part;
  return direct ? { direct: (parent) => direct(of(parent)) } : { load: (parents, reading) => load(parents.map(of), reading) };
}

/** A part of what is read for all parents together. */
export function read<A, B>(part: Part<B>, of: (parents: readonly A[], reading: Reading) => readonly B[] | Promise<readonly B[]>): Part<A> {
  return { load: (parents, reading) => thereafter(of(parents, reading), (found) => written(part, found, reading)) };
}

/** What makes null where there is nothing. */
export function optional<P>(part: Part<P>): Part<P | null> {
  const { direct } = part;
  if (direct) return { direct: (parent) => (parent === null ? "null" : direct(parent)) };
  return {
    load(parents, reading) {
      const present: P[] = [];
      const places = parents.map((parent) => (parent === null ? -1 : present.push(parent) - 1));
      return thereafter(
        written(part, present, reading),
        (write): Write =>
          (place) =>
            places[place] === -1 ? "null" : write(places[place] as number),
      );
    },
  };
}

/** What makes a list of each item. */
export function listOf<P>(part: Part<P>): Part<readonly P[]> {
  const { direct } = part;
  if (direct) return { direct: (items) => `[${items.map(direct).join(",")}]` };
  return {
    async load(lists, reading) {
      const write = await written(part, lists.flat(), reading);
      let from = 0;
      const starts = lists.map(({ length }) => {
        from += length;
        return from - length;
      });
      return (place) => `[${(lists[place] ?? []).map((_, i) => write((starts[place] as number) + i)).join(",")}]`;
    },
  };
}

/** One part or another, by what a parent is. */
export function oneOf<P>(choose: (parent: P) => Part<P>): Part<P> {
  return {
    async load(parents, reading) {
      const chosen = parents.map(choose);
      const groups = new Map([...new Set(chosen)].map((part) => [part, [] as P[]]));
      const places = parents.map((parent, i) => (groups.get(chosen[i] as Part<P>)?.push(parent) ?? 0) - 1);
      const writes = new Map(await Promise.all([...groups].map(async ([part, group]) => [part, await written(part, group, reading)] as const)));
      return (place) => (writes.get(chosen[place] as Part<P>) as Write)(places[place] as number);
    },
  };
}

export const written = <P>({ direct, load }: Part<P>, parents: readonly P[], reading: Reading): Write | Promise<Write> =>
  direct ? (place) => direct(parents[place] as P) : load(parents, reading);

/** The site's table is a part of what fields mean. */
export type Flows = readonly Dataflow[];
