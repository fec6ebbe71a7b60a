import { Refusal } from "./refusal.js";
import { type ExactSettings, facts } from "./settings.js";

export interface EndpointErrors {
  readonly endpoint: string;
  readonly at: readonly number[];
  readonly blockedUntil: number;
  /** How often in a row; each doubles the time. */
  readonly blocks: number;
}

const counted: readonly number[] = [400, 401, 403, 404];

/** An endpoint on which an app makes too many errors within an hour is closed to it: for an hour, and longer each time. */
export class ErrorVelocity {
  private readonly endpoints = new Map<string, EndpointErrors>();

  constructor(
    private readonly settings: ExactSettings,
    private readonly now: () => number,
    kept: readonly EndpointErrors[] = [],
  ) {
    for (const endpoint of kept) this.endpoints.set(endpoint.endpoint, endpoint);
  }

  /** Throws while the endpoint is blocked. */
  check(endpoint: string): void {
    const until = this.endpoints.get(endpoint)?.blockedUntil ?? 0;
    if (this.settings.errorLimit === null || this.now() >= until) return;
    throw new Refusal(this.settings.blockedStatus, "Too many errors: the key is temporarily blocked for this endpoint.");
  }

  record(endpoint: string, status: number): void {
    const limit = this.settings.errorLimit;
    if (limit === null || !counted.includes(status)) return;
    const now = this.now();
    const { blockedUntil, blocks, at } = this.endpoints.get(endpoint) ?? { at: [], blockedUntil: 0, blocks: 0 };
    if (now < blockedUntil) return;
    const recent = [...at.filter((time) => time > now - facts.errorWindowMs), now];
    if (recent.length <= limit) this.endpoints.set(endpoint, { endpoint, at: recent, blockedUntil, blocks });
    else this.endpoints.set(endpoint, { endpoint, at: [], blockedUntil: now + facts.blockMs * 2 ** blocks, blocks: blocks + 1 });
  }

  state(): EndpointErrors[] {
    return [...this.endpoints.values()];
  }
}
