import { type Answer, CallLog, createRandom, FaultList, type KitRequest, type KitServer, StateFile, serve, VirtualClock } from "../kit/index.js";
import { routeTemplate } from "./address.js";
import { callApi } from "./api.js";
import { controlSurface } from "./control-surface.js";
import { ExactCore } from "./core.js";
import { Deliveries } from "./deliveries.js";
import { ErrorVelocity } from "./error-velocity.js";
import { RateLimits } from "./limits.js";
import { OAuth } from "./oauth.js";
import { consent, token } from "./oauth-pages.js";
import { dispatch } from "./routes.js";
import { type ExactSeed, plant } from "./seed.js";
import { type ExactSettings, exactSettings } from "./settings.js";
import { type ExactState, parseState } from "./state.js";
import { Subscriptions } from "./subscriptions.js";

export interface ExactSandboxOptions {
  readonly port?: number;
  readonly clock?: VirtualClock;
  readonly seed?: string;
  /** Null, the default: nothing is kept. */
  readonly dataFile?: string | null;
  readonly settings?: Partial<ExactSettings>;
  /** What is there at the first start. */
  readonly initial?: ExactSeed;
}

export interface ExactSandbox {
  readonly origin: string;
  /** The records; what is done here counts as done by a person. */
  readonly core: ExactCore;
  readonly calls: CallLog;
  readonly faults: FaultList;
  readonly clock: VirtualClock;
  /** Live: what is set here takes effect at once. */
  readonly settings: ExactSettings;
  /** Consent without a browser. */
  issueCode(redirectUri: string): string;
  /** The user withdraws the consent: all tokens stop working. */
  revokeConsent(): void;
  /** True: connections are ended and refused, until false. */
  setDown(down: boolean): Promise<void>;
  /** Ends all connections at once; what is to be kept is on disk when it resolves. */
  stop(): Promise<void>;
}

/** The one user, in whose name the app works and whose hands edit at the page. */
const user = { userId: "5f9c2d61-7b3a-4e0f-9a55-1c2f8f6b0d47", userName: "Sanne de Boer" };

/** Starts an Exact Online on loopback, with the dialect and the habits of the real one. */
export async function startExactSandbox(options: ExactSandboxOptions = {}): Promise<ExactSandbox> {
  const dataFile = options.dataFile ?? null;
  const settings = exactSettings(options.settings);
  const clock = options.clock ?? new VirtualClock();
  const kept = parseState(await StateFile.read(dataFile), dataFile);
  if (kept && kept.at > clock.now()) await clock.advance(kept.at - clock.now());
  const starts = (kept?.starts ?? 0) + 1;
  const random = createRandom(`${options.seed ?? "exact"}/${starts}`);
  const now = () => clock.now();

  const core = new ExactCore(clock, random, settings, user, kept?.core ?? null);
  if (!kept && options.initial) plant(core, options.initial);
  const oauth = new OAuth(settings, now, random, kept?.oauth ?? null);
  const limits = new RateLimits(settings, now, kept?.usage ?? null);
  const velocity = new ErrorVelocity(settings, now, kept?.errors);
  const subscriptions = new Subscriptions(settings, now, () => random.guid(), kept?.subscriptions);
  const timers = clock.group();
  const deliveries = new Deliveries({ settings, subscriptions, timers, random, now, origin: () => server.origin });
  const state = (): ExactState => ({
    version: 1,
    at: now(),
    starts,
    core: core.state(),
    oauth: oauth.state(),
    usage: limits.state(),
    errors: velocity.state(),
    subscriptions: subscriptions.all(),
  });
  const file = new StateFile(dataFile, state);
  core.onChange((change) => {
    deliveries.announce(change);
    file.changed();
  });

  async function handle(request: KitRequest): Promise<Answer> {
    file.changed();
    if (request.path === "/api/oauth2/auth") return consent(request, oauth, settings);
    if (request.path === "/api/oauth2/token") return token(request, oauth);
    return callApi(request, { core, oauth, limits, velocity, dispatch: (call, address) => dispatch(call, address, core, subscriptions) });
  }

  const faults = new FaultList(createRandom(`${options.seed ?? "exact"}/faults/${starts}`));
  const calls = new CallLog();
  const server: KitServer = await serve({
    name: "Exact Online",
    hint: "What you edit here is edited by hand in Exact, as a bookkeeper does.",
    port: options.port ?? 0,
    clock,
    faults,
    calls,
    handler: handle,
    control: controlSurface({ core, oauth, subscriptions, velocity, changed: () => file.changed() }),
    routeTemplate,
    emptyList,
  });
  file.changed();

  return {
    origin: server.origin,
    core,
    calls,
    faults,
    clock,
    settings,
    issueCode(redirectUri) {
      file.changed();
      return oauth.issueCode(redirectUri);
    },
    revokeConsent() {
      oauth.revoke();
      file.changed();
    },
    setDown: (down) => server.setDown(down),
    async stop() {
      timers.cancelAll();
      await server.stop();
      await file.flush();
    },
  };
}

/** A list as if it held nothing, and the page were the last. */
function emptyList(answer: Answer): Answer {
  const d = (answer.body as { d?: unknown } | undefined)?.d;
  if (Array.isArray(d)) return { ...answer, body: { d: [] } };
  return typeof d === "object" && d !== null && "results" in d ? { ...answer, body: { d: { results: [] } } } : answer;
}
