import { z } from "zod";
import type { ControlSurface } from "../kit/index.js";
import type { ExactCore } from "./core.js";
import { deskOf } from "./desk.js";
import type { ErrorVelocity } from "./error-velocity.js";
import type { OAuth } from "./oauth.js";
import { changeSettings } from "./settings.js";
import type { Subscriptions } from "./subscriptions.js";

interface Parts {
  readonly core: ExactCore;
  readonly oauth: OAuth;
  readonly subscriptions: Subscriptions;
  readonly velocity: ErrorVelocity;
  /** To be called after a change that the core does not announce. */
  readonly changed: () => void;
}

const recordName = z.strictObject({ type: z.enum(["Accounts", "Contacts"]), id: z.string() });
const otherDeletion = z.strictObject({ entityType: z.int().min(1).max(255), key: z.guid() });

/** What can be done to this Exact Online from outside, besides what every sandbox offers. */
export function controlSurface({ core, oauth, subscriptions, velocity, changed }: Parts): ControlSurface {
  const { settings } = core;
  return {
    settings: { read: () => settings, change: (patch) => changeSettings(settings, patch) },
    records: deskOf(core),
    routes: {
      "POST /division/move": () => {
        core.moveDivision();
        changed();
        return { divisionMoveDate: core.divisionMoveDate };
      },
      "POST /oauth/revoke": () => {
        oauth.revoke();
        changed();
      },
      "POST /anonymise": (body) => {
        const { type, id } = recordName.parse(body);
        core.anonymise(type, id);
      },
      "POST /deletions": (body) => {
        const { entityType, key } = otherDeletion.parse(body);
        core.logDeletion(entityType, key);
        changed();
      },
      "GET /webhooks": () => subscriptions.all(),
      "GET /errors": () => velocity.state(),
    },
  };
}
