import { z } from "zod";
import type { CoreState } from "./core-state.js";
import type { EndpointErrors } from "./error-velocity.js";
import type { Usage } from "./limits.js";
import type { OAuthState } from "./oauth.js";
import type { Subscription } from "./subscriptions.js";

/** Everything that a sandbox keeps between two starts. Settings are not: each start states its own. */
export interface ExactState {
  readonly version: 1;
  /** The sandbox's time when it was written: it does not go back. */
  readonly at: number;
  /** How often it was started, so that chance does not repeat itself. */
  readonly starts: number;
  readonly core: CoreState;
  readonly oauth: OAuthState;
  readonly usage: Usage;
  readonly errors: readonly EndpointErrors[];
  readonly subscriptions: readonly Subscription[];
}

const shape = z.looseObject({
  version: z.literal(1),
  at: z.number(),
  starts: z.number(),
  core: z.looseObject({ rowVersion: z.number(), accounts: z.array(z.unknown()), contacts: z.array(z.unknown()), deletions: z.array(z.unknown()) }),
  oauth: z.looseObject({ codes: z.array(z.unknown()), chains: z.array(z.unknown()) }),
  usage: z.looseObject({ minute: z.number(), day: z.number() }),
  errors: z.array(z.unknown()),
  subscriptions: z.array(z.unknown()),
});

/** What was kept, if it is a state of this sandbox. */
export function parseState(kept: unknown, path: string | null): ExactState | null {
  if (kept === null) return null;
  const parsed = shape.safeParse(kept);
  if (!parsed.success) throw new Error(`${path} does not hold an Exact sandbox's state. Remove it to start anew.`, { cause: parsed.error });
  return parsed.data as unknown as ExactState;
}
