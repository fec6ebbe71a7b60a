import { createHash } from "node:crypto";
import { z } from "zod";
import { NotFoundError } from "../../domain/errors.js";
import type { CustomcrmType } from "../../domain/words.js";
import type { DocumentStore } from "../../store/store.js";
import type { CallOptions } from "../connector.js";
import type { ApiCall, CustomcrmApi } from "./api.js";

const allTypes: readonly CustomcrmType[] = ["Customer", "Contact", "Product"];

const subscriptionSchema = z.object({ Id: z.string(), Url: z.string(), Types: z.array(z.string()).nullish() });
type Subscription = z.infer<typeof subscriptionSchema>;
/** The contract leaves the list's envelope open. */
const listSchema = z.union([z.array(subscriptionSchema), z.object({ items: z.array(subscriptionSchema) }).transform((page) => page.items)]);
const createdSchema = z.object({ Id: z.string() });

/** What is remembered of our own subscription; the secret only as a digest, to see whether it was changed. */
interface Remembered {
  readonly id: string;
  readonly secretDigest: string;
}

/** Customcrm's webhook subscriptions: made, repaired and removed by the product itself. */
export class CustomcrmSubscriptions {
  readonly #api: CustomcrmApi;
  readonly #documents: DocumentStore;

  constructor(api: CustomcrmApi, documents: DocumentStore) {
    this.#api = api;
    this.#documents = documents;
  }

  async list(options: CallOptions): Promise<readonly Subscription[]> {
    const call: ApiCall = { method: "GET", path: "/webhooks", route: "/webhooks" };
    return this.#api.read(listSchema, call, options);
  }

  /**
   * Leaves exactly one subscription of all types to this address, with this secret. A list shows no secrets, so one that is not
   * known to carry ours is made anew. Tells what had to be done.
   */
  async ensure(url: string, secret: string, options: CallOptions): Promise<"kept" | "made" | "repaired"> {
    const secretDigest = createHash("sha256").update(secret).digest("hex");
    const remembered = await this.#documents.get<Remembered>("webhook", documentKey);
    const own = (await this.list(options)).filter((one) => one.Url === url || one.Id === remembered?.value.id);
    const good = own.find((one) => one.Id === remembered?.value.id && remembered.value.secretDigest === secretDigest && one.Url === url && isComplete(one));
    for (const one of own) if (one !== good) await this.#remove(one.Id, options);
    if (good) return "kept";
    const call: ApiCall = { method: "POST", path: "/webhooks", route: "/webhooks", body: { Url: url, Secret: secret, Types: allTypes } };
    const created = this.#api.parse(createdSchema, call, await this.#api.call(call, options, [200, 201]));
    await this.#documents.set<Remembered>("webhook", documentKey, { id: created.Id, secretDigest }, null);
    return own.length > 0 ? "repaired" : "made";
  }

  async remove(options: CallOptions): Promise<void> {
    const remembered = await this.#documents.get<Remembered>("webhook", documentKey);
    if (!remembered) return;
    await this.#remove(remembered.value.id, options);
    await this.#documents.delete("webhook", documentKey);
  }

  async #remove(id: string, options: CallOptions): Promise<void> {
    try {
      await this.#api.call({ method: "DELETE", path: `/webhooks/${encodeURIComponent(id)}`, route: "/webhooks/{id}" }, options, [200, 204]);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
}

const documentKey = "customcrm";

const isComplete = (one: Subscription): boolean => one.Types === null || one.Types === undefined || allTypes.every((type) => one.Types?.includes(type));
