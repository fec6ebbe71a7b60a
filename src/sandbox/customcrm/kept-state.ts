import { z } from "zod";
import type { State } from "./state.js";

const time = z.number();
const type = z.enum(["Customer", "Contact", "Product"]);
const named = { type, id: z.string() };

const stateSchema = z.object({
  version: z.literal(1),
  at: time,
  records: z.array(z.object({ ...named, version: z.int(), createdAt: time, modifiedAt: time, values: z.record(z.string(), z.string().nullable()) })),
  tombstones: z.array(z.object({ ...named, deletedAt: time })),
  feed: z.array(z.object({ ...named, position: z.int(), action: z.enum(["Upsert", "Delete"]), at: time, visibleAt: time })),
  position: z.int(),
  forgotten: z.int(),
  answers: z.array(
    z.object({
      key: z.string(),
      fingerprint: z.string(),
      at: time,
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.record(z.string(), z.unknown()),
    }),
  ),
  webhooks: z.array(z.object({ id: z.string(), url: z.string(), secret: z.string(), types: z.array(type) })),
  accessTokens: z.array(z.object({ token: z.string(), expiresAt: time })),
});

/** A state as it is written to a file, with the time at which it was. */
export const toKept = (state: State, at: number): unknown => ({ version: 1, at, ...state });

/** What a file holds; throws where that is anything else. */
export function fromKept(kept: unknown, path: string): { readonly at: number; readonly state: State } {
  const parsed = stateSchema.safeParse(kept);
  if (!parsed.success) throw new Error(`${path} does not hold a Customcrm's state. Remove it to start anew.`, { cause: parsed.error });
  const { version: _version, at, ...state } = parsed.data;
  return { at, state };
}
