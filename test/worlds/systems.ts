import type { RecordRef } from "../../src/domain/record.js";
import type { System } from "../../src/domain/words.js";
import { assemble } from "../../src/sandbox/customcrm/assemble.js";
import type { CustomcrmCore } from "../../src/sandbox/customcrm/core.js";
import { emptyList as emptyCustomcrmList } from "../../src/sandbox/customcrm/empty-list.js";
import { answer } from "../../src/sandbox/customcrm/routes.js";
import { changeSettings, defaultSettings, type SettingsPatch } from "../../src/sandbox/customcrm/settings.js";
import { initialState } from "../../src/sandbox/customcrm/state.js";
import { callApi } from "../../src/sandbox/exact/api.js";
import { ExactCore } from "../../src/sandbox/exact/core.js";
import { ErrorVelocity } from "../../src/sandbox/exact/error-velocity.js";
import { RateLimits } from "../../src/sandbox/exact/limits.js";
import { OAuth } from "../../src/sandbox/exact/oauth.js";
import { token } from "../../src/sandbox/exact/oauth-pages.js";
import { dispatch } from "../../src/sandbox/exact/routes.js";
import { type ExactSettings, exactSettings } from "../../src/sandbox/exact/settings.js";
import { Subscriptions } from "../../src/sandbox/exact/subscriptions.js";
import type { Answer, KitRequest, VirtualClock } from "../../src/sandbox/kit/index.js";
import { createRandom } from "../../src/sandbox/kit/index.js";

export const origins: { readonly [S in System]: string } = { CUSTOMCRM: "http://127.0.0.1:1", EXACT: "http://127.0.0.1:2" };
export const redirectUri = "http://127.0.0.1:3/auth/exact/callback";

export interface SystemsOptions {
  readonly exact: Partial<ExactSettings>;
  readonly customcrm: SettingsPatch;
}

/** Both sandboxes without their servers: a request goes straight to the handler, and has had its effect when this returns. */
export class Systems {
  readonly exact: ExactCore;
  readonly customcrm: CustomcrmCore;
  readonly #handlers: { readonly [S in System]: (request: KitRequest) => Answer | Promise<Answer> };
  readonly #oauth: OAuth;

  constructor(clock: VirtualClock, seed: string, options: SystemsOptions) {
    const now = () => clock.now();
    const settings = exactSettings({ minuteLimit: null, dayLimit: null, fairUseLimit: null, errorLimit: null, ...options.exact });
    const random = createRandom(`${seed}/exact`);
    this.exact = new ExactCore(clock, random, settings, { userId: random.guid(), userName: "Sanne de Boer" }, null);
    this.#oauth = new OAuth(settings, now, random, null);
    const limits = new RateLimits(settings, now, null);
    const velocity = new ErrorVelocity(settings, now);
    const subscriptions = new Subscriptions(settings, now, () => random.guid());
    const { exact: core } = this;
    const oauth = this.#oauth;

    const customcrmSettings = changeSettings(defaultSettings(), options.customcrm);
    const parts = assemble(initialState({ customers: [], contacts: [], products: [] }, now()), {
      now,
      random: createRandom(`${seed}/customcrm`),
      settings: () => customcrmSettings,
      timers: clock.group(),
      changed: () => {},
    });
    this.customcrm = parts.core;
    this.#handlers = {
      CUSTOMCRM: (request) => answer(request, parts),
      EXACT: (request) =>
        request.path === "/api/oauth2/token"
          ? token(request, oauth)
          : callApi(request, { core, oauth, limits, velocity, dispatch: (call, address) => dispatch(call, address, core, subscriptions) }),
    };
  }

  handle(system: System, request: KitRequest): Answer | Promise<Answer> {
    return this.#handlers[system](request);
  }

  /** Consent without a browser. */
  issueCode(): string {
    return this.#oauth.issueCode(redirectUri);
  }

  /** The properties as they are stored now; null: there is no such record. */
  propertiesOf(system: System, id: string): Readonly<Record<string, unknown>> | null {
    if (system === "EXACT") return this.exact.accounts.get(id) ?? this.exact.contacts.get(id) ?? null;
    for (const type of ["Customer", "Contact", "Product"] as const) {
      const found = this.customcrm.find(type, id);
      if (found) return found.values;
    }
    return null;
  }

  /** All records that there are. */
  refs(): readonly RecordRef[] {
    const exact = (["Accounts", "Contacts"] as const).flatMap((type) =>
      [...this.exact.table(type).all()].map(({ id }) => ({ system: "EXACT" as const, type, id })),
    );
    const customcrm = (["Customer", "Contact", "Product"] as const).flatMap((type) =>
      this.customcrm.all(type).map(({ id }) => ({ system: "CUSTOMCRM" as const, type, id })),
    );
    return [...exact, ...customcrm];
  }

  /** All that both systems hold, as text. */
  texts(): readonly string[] {
    const exact = [...this.exact.accounts.all(), ...this.exact.contacts.all()].map(({ id }) => this.propertiesOf("EXACT", id));
    const customcrm = (["Customer", "Contact", "Product"] as const).flatMap((type) => this.customcrm.all(type).map((record) => record.values));
    return [...exact, ...customcrm].map((values) => JSON.stringify(values));
  }

  /** An answer as if its list held nothing. */
  emptied(system: System, given: Answer): Answer {
    if (system === "CUSTOMCRM") return emptyCustomcrmList(given);
    return { ...given, body: { d: { results: [] } } };
  }
}
