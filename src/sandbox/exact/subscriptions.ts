import { wallOf } from "./dates.js";
import { type Fault, refused } from "./messages.js";
import { isLoopback } from "./oauth.js";
import { post } from "./post.js";
import { badBody, Refusal } from "./refusal.js";
import type { ExactSettings } from "./settings.js";
import type { Cell, PropertyTypes, RowView } from "./types.js";

export interface Subscription {
  readonly id: string;
  readonly topic: string;
  readonly callbackUrl: string;
  readonly createdAt: number;
  failures: number;
}

export const subscriptionProperties: PropertyTypes = {
  ID: { edm: "Guid" },
  CallbackURL: { edm: "String" },
  ClientID: { edm: "String" },
  Created: { edm: "DateTime" },
  Creator: { edm: "Guid" },
  CreatorFullName: { edm: "String" },
  Description: { edm: "String" },
  Division: { edm: "Int32" },
  Topic: { edm: "String" },
  UserID: { edm: "Guid" },
  IsInstant: { edm: "Boolean" },
};

const topics = (
  "Accounts Addresses BankAccounts Contacts CostTransactions DocumentAttachments Documents FinancialTransactions GLAccounts GoodsDeliveries Items ItemPrices " +
  "ProjectPlanning Projects PurchaseOrders Quotations SalesInvoices SalesOrders StockPositions TimeTransactions"
).split(" ");

/** Who is told of changes: one subscription for a topic. */
export class Subscriptions {
  private readonly kept: Subscription[];

  constructor(
    private readonly settings: ExactSettings,
    private readonly now: () => number,
    private readonly newGuid: () => string,
    kept: readonly Subscription[] = [],
  ) {
    this.kept = kept.map((subscription) => ({ ...subscription }));
  }

  all(): readonly Subscription[] {
    return this.kept;
  }

  find(topic: string): Subscription | undefined {
    return this.kept.find((subscription) => subscription.topic === topic);
  }

  /** Made only if the callback answers an empty POST with success. */
  async create(body: unknown): Promise<Subscription> {
    const { topic, callbackUrl } = this.check(body);
    const status = await post(callbackUrl, "");
    if (status === null || status < 200 || status > 299) {
      throw new Refusal(500, `Invalid: Post to callback URL endpoint returns ${status ?? "no answer"}. It must return a success status.`);
    }
    this.refuseSecond(topic);
    const made: Subscription = { id: this.newGuid(), topic, callbackUrl, createdAt: this.now(), failures: 0 };
    this.kept.push(made);
    return made;
  }

  /** False: there is none with this id. */
  remove(id: string): boolean {
    const at = this.kept.findIndex((subscription) => subscription.id === id);
    if (at >= 0) this.kept.splice(at, 1);
    return at >= 0;
  }

  private check(body: unknown): { topic: string; callbackUrl: string } {
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw badBody("The request body is not a valid object.");
    for (const name of Object.keys(body)) {
      if (!Object.hasOwn(subscriptionProperties, name)) {
        throw badBody(`The property name '${name}' specified for type 'Exact.Web.Api.Models.WebhookSubscription' is not valid.`);
      }
    }
    const { Topic: topic, CallbackURL: callbackUrl } = body as Record<string, unknown>;
    const faults: Fault[] = [];
    if (typeof topic !== "string" || topic === "") faults.push({ kind: "missing", property: "Topic" });
    else if (!topics.includes(topic)) faults.push({ kind: "invalid", property: "Topic" });
    if (typeof callbackUrl !== "string" || callbackUrl === "") faults.push({ kind: "missing", property: "CallbackURL" });
    else if (!this.isAllowed(callbackUrl)) faults.push({ kind: "invalid", property: "CallbackURL" });
    if (faults.length > 0) throw refused(faults, this.settings.userLanguage);
    this.refuseSecond(String(topic));
    return { topic: String(topic), callbackUrl: String(callbackUrl) };
  }

  private refuseSecond(topic: string): void {
    if (this.find(topic)) throw refused([{ kind: "exists" }], this.settings.userLanguage);
  }

  /** HTTPS on the app's own host; on loopback anything goes. */
  private isAllowed(callbackUrl: string): boolean {
    if (!URL.canParse(callbackUrl)) return false;
    const { protocol, hostname } = new URL(callbackUrl);
    if (isLoopback(hostname)) return protocol === "http:" || protocol === "https:";
    return protocol === "https:" && (this.settings.callbackHost === null || this.settings.callbackHost === hostname);
  }
}

export function subscriptionView(
  { id, topic, callbackUrl, createdAt }: Subscription,
  settings: ExactSettings,
  user: { userId: string; userName: string },
): RowView {
  const cells: Readonly<Record<string, Cell>> = {
    ID: id,
    CallbackURL: callbackUrl,
    ClientID: settings.clientId,
    Created: wallOf(createdAt),
    Creator: user.userId,
    CreatorFullName: user.userName,
    Division: settings.division,
    Topic: topic,
    UserID: user.userId,
    IsInstant: false,
  };
  return { id, cell: (name) => cells[name] ?? null };
}
