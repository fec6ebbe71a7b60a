/** One call that the sandbox got. Status 0: it was not answered (yet). */
export interface Call {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** As sent, decoded. */
  readonly query: string;
  /** The path with its variable parts named, as `/api/v1/{division}/crm/Accounts(guid)`. */
  readonly routeTemplate: string;
  /** The text of a write's body. */
  readonly body?: string;
  /** The fault that was applied. */
  readonly fault?: string;
  status: number;
}

/** What was called, newest last; counts go on where the list forgets. */
export class CallLog {
  private calls: Call[] = [];
  private counted = new Map<string, number>();
  private open = 0;
  private most = 0;

  constructor(private readonly keep = 20_000) {}

  add(call: Call): Call {
    this.calls.push(call);
    if (this.calls.length > this.keep * 1.1) this.calls = this.calls.slice(-this.keep);
    const key = `${call.method} ${call.routeTemplate}`;
    this.counted.set(key, (this.counted.get(key) ?? 0) + 1);
    return call;
  }

  /** A call is under way until what comes back is called. */
  begin(): () => void {
    this.open++;
    this.most = Math.max(this.most, this.open);
    return () => {
      this.open--;
    };
  }

  /** How many calls were under way at the same time, at most. */
  mostAtOnce(): number {
    return this.most;
  }

  all(): readonly Call[] {
    return this.calls;
  }

  last(count: number): readonly Call[] {
    return this.calls.slice(-count);
  }

  /** The number of calls by `METHOD route-template`. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.counted].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** All calls, or those of one `METHOD route-template`. */
  count(key?: string): number {
    if (key !== undefined) return this.counted.get(key) ?? 0;
    return [...this.counted.values()].reduce((sum, count) => sum + count, 0);
  }

  reset(): void {
    this.calls = [];
    this.counted = new Map();
    this.most = this.open;
  }
}
