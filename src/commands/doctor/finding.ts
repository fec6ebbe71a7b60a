/** What one check saw. */
export interface Finding {
  readonly what: string;
  /** warn: it works, but less well than it could, or it could not be looked at. */
  readonly state: "ok" | "warn" | "fail";
  readonly seen: string;
  /** "" where there is nothing to do. */
  readonly todo: string;
}

export const ok = (what: string, seen: string): Finding => ({ what, state: "ok", seen, todo: "" });
export const warn = (what: string, seen: string, todo: string): Finding => ({ what, state: "warn", seen, todo });
export const fail = (what: string, seen: string, todo: string): Finding => ({ what, state: "fail", seen, todo });

export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
