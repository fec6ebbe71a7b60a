import { z } from "zod";
import type { CallOptions } from "../connector.js";
import type { CustomcrmApi } from "./api.js";
import type { Capability } from "./capabilities.js";
import { pageSchema } from "./wire.js";

/** Whether a Customcrm has a capability, as far as that can be seen without writing anything; null: it can't. */
export type SeenCapabilities = { readonly [C in Capability]: boolean | null };

const rowSchema = z.looseObject({ Id: z.string(), ETag: z.string().nullish() });
/** What a server says to what it does not offer. */
const notOffered = [400, 404, 405, 501];
const noSuchId = "tandem-doctor-no-such-id";

export async function seenCapabilities(api: CustomcrmApi, options: CallOptions): Promise<SeenCapabilities> {
  const offers = async (path: string, query: Readonly<Record<string, string | number>>) =>
    (await api.call({ method: "GET", path, query, route: path }, options, [200, ...notOffered])).status === 200;
  const rows = async (query: Readonly<Record<string, string | number>>) => {
    const call = { method: "GET", path: "/customers", query, route: "/customers" } as const;
    const answer = await api.call(call, options, [200, ...notOffered]);
    return answer.status === 200 ? z.array(rowSchema).parse(api.parse(pageSchema, call, answer).items) : null;
  };

  const [first] = (await rows({ limit: 1 })) ?? [];
  const byIds = await rows({ ids: [...(first ? [first.Id] : []), noSuchId].join(",") });
  return {
    changes: await offers("/changes", { limit: 1 }),
    webhooks: await offers("/webhooks", {}),
    // Who ignores `ids` lists everything; of an empty Customcrm nothing can be learnt.
    ids: byIds === null ? false : first ? byIds.length === 1 && byIds[0]?.Id === first.Id : byIds.length > 0 ? false : null,
    ifMatch: first ? await hasETag(api, first, options) : null,
    idempotencyKey: null,
  };
}

async function hasETag(api: CustomcrmApi, row: z.infer<typeof rowSchema>, options: CallOptions): Promise<boolean> {
  if (row.ETag) return true;
  const call = { method: "GET", path: `/customers/${encodeURIComponent(row.Id)}`, route: "/customers/{id}" } as const;
  return (await api.call(call, options, [200, 404])).headers.etag !== undefined;
}
