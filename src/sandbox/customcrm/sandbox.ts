import { CallLog, type ControlSurface, createRandom, FaultList, type KitRequest, StateFile, serve, VirtualClock } from "../kit/index.js";
import { type CustomcrmSeed, makeSeed } from "../seed/index.js";
import { assemble, stateOf } from "./assemble.js";
import type { CustomcrmCore } from "./core.js";
import { deskOf } from "./desk.js";
import { emptyList } from "./empty-list.js";
import { fromKept, toKept } from "./kept-state.js";
import { answer, prefix } from "./routes.js";
import { type CustomcrmSettings, changeSettings, defaultSettings, type SettingsPatch } from "./settings.js";
import { initialState, type State } from "./state.js";
import type { Delivery } from "./webhooks.js";

export interface CustomcrmSandboxOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly clock?: VirtualClock;
  /** Names the records to begin with, and all chance. */
  readonly seed?: string;
  /** Where the state is kept between starts; null, the default: nowhere. */
  readonly dataFile?: string | null;
  readonly settings?: SettingsPatch;
  /** The records to begin with, instead of the seed's. */
  readonly initial?: CustomcrmSeed;
}

export interface CustomcrmSandbox {
  readonly origin: string;
  /** The records. A person's edit is `core.patch`, `create` or `remove`. */
  readonly core: CustomcrmCore;
  readonly calls: CallLog;
  readonly faults: FaultList;
  readonly clock: VirtualClock;
  /** May be changed in place, at any time. */
  readonly settings: CustomcrmSettings;
  /** The last attempts to deliver a webhook, oldest first. */
  deliveries(): readonly Delivery[];
  /** Resolves when no webhook is on its way; repeats that are due later are not waited for. */
  settled(): Promise<void>;
  /** Refuses connections until false. */
  setDown(down: boolean): Promise<void>;
  /** Records, settings, tokens, webhooks and faults as at a fresh start. */
  reset(): void;
  stop(): Promise<void>;
}

/** Serves a Customcrm by its contract on loopback, with a page for persons at `/` and a control API at `/_control`. */
export async function startCustomcrmSandbox(options: CustomcrmSandboxOptions = {}): Promise<CustomcrmSandbox> {
  const { clock = new VirtualClock(), seed = "tandem", dataFile = null } = options;
  const settings = changeSettings(defaultSettings(), options.settings ?? {});
  const fresh = () => initialState(options.initial ?? makeSeed(seed).customcrm, clock.now());
  const kept = await keptIn(dataFile);
  // A clock that was put forward is not put back by a restart.
  if (kept && kept.at > clock.now()) await clock.advance(kept.at - clock.now());
  const calls = new CallLog();
  const faults = new FaultList(createRandom(`customcrm faults:${seed}`));

  // What was handed out before a restart is not handed out again: chance goes on from another place.
  const begin = (state: State) =>
    assemble(state, {
      now: () => clock.now(),
      random: createRandom(`customcrm:${seed}:${state.position}`),
      settings: () => settings,
      timers: clock.group(),
      changed: () => file.changed(),
    });
  const file = new StateFile(dataFile, () => toKept(stateOf(parts), clock.now()));
  let parts = begin(kept?.state ?? fresh());
  file.changed();

  const reset = () => {
    parts.webhooks.stop();
    changeSettings(Object.assign(settings, defaultSettings()), options.settings ?? {});
    faults.clear();
    parts = begin(fresh());
    file.changed();
  };
  const control: ControlSurface = {
    settings: { read: () => settings, change: (patch) => changeSettings(settings, patch) },
    records: deskOf(
      () => parts.core,
      () => settings,
    ),
    routes: {
      "POST /reset": reset,
      "GET /deliveries": () => parts.webhooks.deliveries,
      "POST /revoke": () => parts.auth.revokeAll(),
    },
  };
  const handler = (request: KitRequest) => {
    const given = answer(request, parts);
    if (request.method !== "GET") file.changed();
    return given;
  };
  const hint = "The customer's own CRM. Edit a record as its people would, and watch the change arrive in Exact Online.";
  const server = await serve({ name: "Customcrm", hint, port: options.port ?? 0, clock, faults, calls, handler, control, routeTemplate, emptyList });

  return {
    origin: server.origin,
    get core() {
      return parts.core;
    },
    calls,
    faults,
    clock,
    settings,
    deliveries: () => parts.webhooks.deliveries,
    settled: () => parts.webhooks.settled(),
    setDown: (down) => server.setDown(down),
    reset,
    async stop() {
      parts.webhooks.stop();
      await server.stop();
      await file.flush();
    },
  };
}

async function keptIn(path: string | null): Promise<ReturnType<typeof fromKept> | null> {
  const kept = await StateFile.read(path);
  return kept === null || path === null ? null : fromKept(kept, path);
}

/** `/api/v1/customers/{id}`: collections keep their names, ids don't. */
function routeTemplate(path: string): string {
  const [collection, id, ...more] = path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1).split("/") : [];
  if (collection === undefined || id === undefined || more.length > 0) return path;
  return `${prefix}/${collection}/{id}`;
}
