import type { TimerGroup } from "../kit/clock.js";
import type { Random } from "../kit/random.js";
import { customcrmId } from "../seed/rows.js";
import { Auth } from "./auth.js";
import { CustomcrmCore } from "./core.js";
import { Idempotency } from "./idempotency.js";
import { RateLimit } from "./rate-limit.js";
import type { Parts } from "./routes.js";
import type { CustomcrmSettings } from "./settings.js";
import type { State } from "./state.js";
import { Webhooks } from "./webhooks.js";

export interface World {
  readonly now: () => number;
  readonly random: Random;
  readonly settings: () => CustomcrmSettings;
  readonly timers: TimerGroup;
  /** Something that must be kept has changed. */
  readonly changed: () => void;
}

/** A Customcrm's parts, as they were when `state` was taken. */
export function assemble(state: State, { now, random, settings, timers, changed }: World): Parts {
  const chance = () => random.next();
  const kinds = { Customer: "cus", Contact: "con", Product: "pro" } as const;
  const core = new CustomcrmCore({ now, chance, settings, newId: (type) => customcrmId(random, kinds[type]) }, state);
  const webhooks = new Webhooks({ now, chance, settings, timers, newId: () => `whk_${random.guid()}` }, state.webhooks);
  core.onChange((change) => {
    webhooks.changed(change);
    changed();
  });
  return {
    core,
    webhooks,
    auth: new Auth(now, () => random.guid().replaceAll("-", ""), settings, state.accessTokens),
    idempotency: new Idempotency(now, state.answers),
    rateLimit: new RateLimit(now, settings),
    settings,
    now,
  };
}

/** Everything that must be kept to go on later. */
export function stateOf({ core, auth, idempotency, webhooks }: Parts): State {
  return { ...core.state(), answers: idempotency.state(), webhooks: webhooks.list(), accessTokens: auth.state() };
}
