import type { Random } from "../../src/sandbox/kit/index.js";

/** Chances per call or commit, at a rate of 1. */
const chances = {
  /** 429: certainly not done. */
  refused: 0.01,
  /** No connection: certainly not done. */
  unreachable: 0.015,
  /** The request never arrived, and nobody knows. */
  lost: 0.02,
  /** It was done, and the answer never came. */
  answerLost: 0.03,
  /** It is done later, within the quarantine. */
  zombie: 0.02,
  /** A gateway on the way answers instead; done or not. */
  badGateway: 0.015,
  /** Half an answer. */
  garbage: 0.01,
  /** A property is dropped without a word. */
  dropField: 0.015,
  /** A read shows an empty list. */
  emptyList: 0.02,
  /** A token is not accepted, once. */
  unauthorized: 0.005,
  /** Redis: the commit was made, and the answer never came; or it was not made. */
  storeAnswerLost: 0.003,
  storeNotDone: 0.003,
} as const;
export type FaultKind = keyof typeof chances;
export const faultKinds = Object.keys(chances) as readonly FaultKind[];

export type WriteFate = "done" | "refused" | "unreachable" | "lost" | "answerLost" | "zombie" | "badGateway" | "garbage" | "dropField" | "unauthorized";
export type ReadFate = "done" | "unreachable" | "badGateway" | "garbage" | "emptyList" | "refused" | "unauthorized";

const writeFates = ["refused", "unreachable", "lost", "answerLost", "zombie", "badGateway", "garbage", "dropField", "unauthorized"] as const;
const readFates = ["refused", "unreachable", "badGateway", "garbage", "emptyList", "unauthorized"] as const;

/** Draws what goes wrong. */
export class Faults {
  /** How often each fault struck. */
  readonly struck = new Map<FaultKind, number>();
  isOn = true;

  constructor(
    private readonly random: Random,
    private readonly rate: number,
    /** Strikes that are left out, by their number. */
    private readonly without: ReadonlySet<number> = new Set(),
  ) {}

  /** How often one struck, or would have. */
  strikes = 0;

  write(): WriteFate {
    return this.#draw(writeFates) ?? "done";
  }

  read(): ReadFate {
    return this.#draw(readFates) ?? "done";
  }

  store(): "done" | "answer lost" | "not done" {
    const kind = this.#draw(["storeAnswerLost", "storeNotDone"] as const);
    return kind === null ? "done" : kind === "storeNotDone" ? "not done" : "answer lost";
  }

  #draw<K extends FaultKind>(kinds: readonly K[]): K | null {
    let at = this.random.next();
    if (!this.isOn) return null;
    for (const kind of kinds) {
      at -= chances[kind] * this.rate;
      if (at >= 0) continue;
      if (this.without.has(this.strikes++)) return null;
      this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
      return kind;
    }
    return null;
  }
}
