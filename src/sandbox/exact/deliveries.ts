import { createHmac } from "node:crypto";
import type { Random, TimerGroup } from "../kit/index.js";
import type { Change } from "./core-state.js";
import { wallOf, wallText } from "./dates.js";
import { post } from "./post.js";
import type { ExactSettings } from "./settings.js";
import type { Subscription, Subscriptions } from "./subscriptions.js";

interface Parts {
  readonly settings: ExactSettings;
  readonly subscriptions: Subscriptions;
  readonly timers: TimerGroup;
  readonly random: Random;
  readonly now: () => number;
  readonly origin: () => string;
}

/** Tells subscribers of changes: some time later, maybe twice, in another order, or not at all. */
export class Deliveries {
  constructor(private readonly parts: Parts) {}

  announce(change: Change): void {
    const { settings, subscriptions, random, timers } = this.parts;
    const subscription = subscriptions.find(change.kind);
    if (!subscription || !isNews(change, settings)) return;
    const body = this.notification(change);
    if (random.next() < settings.webhookLoss) return;
    const copies = random.next() < settings.webhookDoubles ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const delayMs = settings.webhookDelayMs + random.next() * settings.webhookDisorderMs;
      timers.setTimer(() => this.deliver(subscription, body, 0), delayMs);
    }
  }

  /** What is sent: compact, and signed over exactly the bytes between the two names. */
  private notification({ kind, id, action }: Change): string {
    const { settings, now, origin } = this.parts;
    const content = JSON.stringify({
      Topic: kind,
      ClientId: settings.clientId,
      Division: settings.division,
      Action: action,
      Key: id,
      ExactOnlineEndpoint: `${origin()}/api/v1/${settings.division}/crm/${kind}(guid'${id}')`,
      EventCreatedOn: wallText(wallOf(now())),
    });
    const hash = createHmac("sha256", settings.webhookSecret).update(content, "utf8").digest("hex").toUpperCase();
    return `{"Content":${content},"HashCode":"${hash}"}`;
  }

  private async deliver(subscription: Subscription, body: string, attempt: number): Promise<void> {
    const { settings, subscriptions, timers } = this.parts;
    if (!subscriptions.all().includes(subscription)) return;
    const status = await post(subscription.callbackUrl, body, { "content-type": "application/json; charset=utf-8" });
    if (status !== null && status >= 200 && status <= 299) {
      subscription.failures = 0;
      return;
    }
    subscription.failures++;
    const limit = settings.webhookDisabledAfter;
    if (limit !== null && subscription.failures >= limit) subscriptions.remove(subscription.id);
    const delayMs = settings.webhookRetriesMs[attempt];
    if (delayMs !== undefined) timers.setTimer(() => this.deliver(subscription, body, attempt + 1), delayMs);
  }
}

/** An update is told only if it changed a property that the documentation marks for it. */
function isNews({ action, by, announced }: Change, settings: ExactSettings): boolean {
  if (by === "app" && !settings.webhookOwnWrites) return false;
  return action !== "Update" || announced.length > 0;
}
