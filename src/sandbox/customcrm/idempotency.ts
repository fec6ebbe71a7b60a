import type { Answer } from "../kit/index.js";
import { badRequest, Problem } from "./problem.js";
import { contract } from "./settings.js";
import type { KeptAnswer } from "./state.js";

/** The first answers to POSTs with an Idempotency-Key, for 24 hours. */
export class Idempotency {
  private readonly answers = new Map<string, KeptAnswer>();

  constructor(
    private readonly now: () => number,
    answers: readonly KeptAnswer[],
  ) {
    for (const answer of answers) this.answers.set(answer.key, answer);
  }

  /** The answer given before to this key and request; null: the key is new. Another request under the same key is refused. */
  find(key: string, fingerprint: string): KeptAnswer | null {
    if (key.length < 8 || key.length > 128) throw badRequest("invalid-request", "Idempotency-Key must have 8 to 128 characters.");
    this.forgetOld();
    const kept = this.answers.get(key);
    if (!kept) return null;
    if (kept.fingerprint !== fingerprint) throw new Problem(409, "idempotency-key-reused", "This Idempotency-Key was used for another request.");
    return kept;
  }

  keep(key: string, fingerprint: string, { status, headers = {}, body }: Answer): void {
    this.answers.set(key, { key, fingerprint, at: this.now(), status, headers, body: typeof body === "object" ? body : {} });
  }

  state(): KeptAnswer[] {
    this.forgetOld();
    return [...this.answers.values()];
  }

  private forgetOld(): void {
    for (const [key, answer] of this.answers) if (this.now() - answer.at >= contract.idempotencyKeptMs) this.answers.delete(key);
  }
}

/** Equal for bodies that say the same, in whatever order or spacing. */
export function fingerprintOf(path: string, body: unknown): string {
  return `${path} ${JSON.stringify(body, (_key, value: unknown) => (isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value))}`;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
