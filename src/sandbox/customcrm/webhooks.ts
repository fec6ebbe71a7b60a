import { createHmac } from "node:crypto";
import { type CustomcrmType } from "../../domain/words.js";
import type { TimerGroup } from "../kit/clock.js";
import type { Changed } from "./core.js";
import { badRequest, Problem, type PropertyError } from "./problem.js";
import { type CustomcrmSettings, contract } from "./settings.js";
import type { Subscription } from "./state.js";

/** What the sender needs of the world around it. */
export interface WebhookSurroundings {
  readonly now: () => number;
  readonly newId: () => string;
  /** 0 to 1. */
  readonly chance: () => number;
  readonly settings: () => CustomcrmSettings;
  readonly timers: TimerGroup;
}

/** One attempt to deliver a notification; `status` is null where no answer came. */
export interface Delivery {
  readonly subscription: string;
  readonly at: number;
  readonly attempt: number;
  readonly events: number;
  readonly status: number | null;
}

/** Subscriptions, and the hints sent to them: at least once in good weather, and on request late, twice, in disorder or never. */
export class Webhooks {
  /** The last attempts, oldest first. */
  readonly deliveries: Delivery[] = [];
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly gathered = new Map<string, Changed[]>();
  private readonly underWay = new Set<Promise<void>>();
  private readonly stopped = new AbortController();

  constructor(
    private readonly world: WebhookSurroundings,
    subscriptions: readonly Subscription[],
  ) {
    for (const subscription of subscriptions) this.subscriptions.set(subscription.id, subscription);
  }

  create(body: unknown): Subscription {
    const { Url, Secret, Types } = checkSubscription(body);
    const subscription = { id: this.world.newId(), url: Url, secret: Secret, types: Types };
    this.subscriptions.set(subscription.id, subscription);
    return subscription;
  }

  list(): Subscription[] {
    return [...this.subscriptions.values()];
  }

  remove(id: string): void {
    if (!this.subscriptions.delete(id)) throw new Problem(404, "not-found", `There is no webhook ${id}.`);
    this.gathered.delete(id);
  }

  /** Tells every subscription of the type; what happens within `gatherMs` goes in one notification. */
  changed(change: Changed): void {
    const { capabilities, webhooks } = this.world.settings();
    if (!capabilities.webhooks) return;
    for (const { id, types } of this.subscriptions.values()) {
      if (!types.includes(change.type)) continue;
      const waiting = this.gathered.get(id);
      if (waiting) waiting.push(change);
      else {
        this.gathered.set(id, [change]);
        this.world.timers.setTimer(() => this.notify(id), webhooks.gatherMs);
      }
    }
  }

  /** Resolves when no attempt is under way; repeats that are due later are not waited for. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  stop(): void {
    this.stopped.abort();
    this.world.timers.cancelAll();
  }

  private async notify(id: string): Promise<void> {
    const events = this.gathered.get(id) ?? [];
    this.gathered.delete(id);
    const { loss, doubles, disorder, gatherMs } = this.world.settings().webhooks;
    if (events.length === 0 || this.world.chance() < loss) return;
    const begun = this.world.now();
    const send = () => this.begin(id, events, begun, 1);
    const sends = this.world.chance() < doubles ? [send, send] : [send];
    if (this.world.chance() < disorder) this.world.timers.setTimer(() => together(sends), 10 * Math.max(gatherMs, 100));
    else await together(sends);
  }

  private begin(id: string, events: readonly Changed[], begun: number, attempt: number): Promise<void> {
    const running: Promise<void> = this.attempt(id, events, begun, attempt).finally(() => this.underWay.delete(running));
    this.underWay.add(running);
    return running;
  }

  /** Anything but 2xx in time is repeated with back-off for an hour; each attempt is signed anew. */
  private async attempt(id: string, events: readonly Changed[], begun: number, attempt: number): Promise<void> {
    const subscription = this.subscriptions.get(id);
    if (!subscription || this.stopped.signal.aborted) return;
    const status = await this.post(subscription, notification(events));
    if (this.stopped.signal.aborted) return;
    this.deliveries.push({ subscription: id, at: this.world.now(), attempt, events: events.length, status });
    if (this.deliveries.length > 500) this.deliveries.shift();
    if (status !== null && status >= 200 && status < 300) return;
    const pause = this.world.settings().webhooks.firstRepeatMs * 2 ** (attempt - 1);
    if (this.world.now() + pause - begun > contract.webhookRepeatsMs) return;
    this.world.timers.setTimer(() => this.begin(id, events, begun, attempt + 1), pause);
  }

  private async post(subscription: Subscription, body: string): Promise<number | null> {
    const { timeoutMs } = this.world.settings().webhooks;
    try {
      const response = await fetch(subscription.url, {
        method: "POST",
        headers: { "Content-Type": "application/json; charset=utf-8", "X-Customcrm-Signature": signatureOf(body, subscription.secret, this.world.now()) },
        body,
        redirect: "manual",
        signal: AbortSignal.any([this.stopped.signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return null;
    }
  }
}

const together = async (sends: readonly (() => Promise<void>)[]): Promise<void> => void (await Promise.all(sends.map((send) => send())));

/** `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. */
function signatureOf(body: string, secret: string, now: number): string {
  const t = Math.floor(now / 1000);
  return `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`;
}

const notification = (events: readonly Changed[]): string =>
  JSON.stringify({ Events: events.map(({ type, id, action, at }) => ({ Type: type, Id: id, Action: action, At: new Date(at).toISOString() })) });

const typeNames: readonly string[] = ["Customer", "Contact", "Product"] satisfies readonly CustomcrmType[];

function checkSubscription(body: unknown): { Url: string; Secret: string; Types: CustomcrmType[] } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw badRequest("invalid-request", "The body must be a JSON object.");
  const { Url, Secret, Types, ...others } = body as Record<string, unknown>;
  const unknown = Object.keys(others).map((property) => ({ property, code: "unknown-property", message: `A webhook has no property ${property}.` }));
  if (unknown.length > 0) throw badRequest("invalid-request", "The request names properties that can't be written.", unknown);
  const errors: PropertyError[] = [];
  if (typeof Url !== "string" || !isHttpUrl(Url)) errors.push({ property: "Url", code: "not-a-url", message: "Url must be an http or https address." });
  if (typeof Secret !== "string" || Secret.length < 16)
    errors.push({ property: "Secret", code: "too-short", message: "Secret must have at least 16 characters." });
  if (!isTypes(Types)) errors.push({ property: "Types", code: "not-a-type", message: `Types must be a list of ${typeNames.join(", ")}.` });
  if (errors.length > 0) throw new Problem(422, "validation-failed", errors.map((error) => error.message).join(" "), { errors });
  return { Url: String(Url), Secret: String(Secret), Types: Types as CustomcrmType[] };
}

const isTypes = (value: unknown): value is CustomcrmType[] => Array.isArray(value) && value.length > 0 && value.every((type) => typeNames.includes(type));

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}
