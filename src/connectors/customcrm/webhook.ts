import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { CustomcrmType } from "../../domain/words.js";

/** Older than this is refused, and newer too: a clock that is ahead gives no longer life to a copied message. */
const toleranceMs = 5 * 60_000;

const hintsSchema = z.object({
  Events: z
    .array(z.object({ Type: z.enum(["Customer", "Contact", "Product"]), Id: z.string(), Action: z.enum(["Create", "Update", "Delete"]), At: z.string() }))
    .default([]),
});

export interface CustomcrmHint {
  readonly type: CustomcrmType;
  readonly id: string;
  readonly action: "Create" | "Update" | "Delete";
}

/** `receipt` is the same for the same message: one that was taken before is a replay, or a harmless repeat. */
export type CustomcrmDelivery =
  | { readonly ok: true; readonly hints: readonly CustomcrmHint[]; readonly receipt: string; readonly keepReceiptMs: number }
  | { readonly ok: false; readonly reason: string };

/** Checks a message from Customcrm over its raw bytes. The hints in it carry no data: they say only that it is worth looking. */
export function readCustomcrmWebhook(
  message: { readonly body: Buffer; readonly signature: string | undefined },
  secret: string,
  now: number,
): CustomcrmDelivery {
  const parts = (message.signature ?? "").split(",").map((part) => part.trim().split("="));
  const t = parts.find(([name]) => name === "t")?.[1] ?? "";
  const signatures = parts.filter(([name]) => name === "v1").map(([, value]) => value ?? "");
  if (!/^\d{1,12}$/.test(t) || signatures.length === 0) return { ok: false, reason: "The message has no X-Customcrm-Signature of the form t=…,v1=…." };

  const expected = createHmac("sha256", secret).update(`${t}.`).update(message.body).digest();
  if (!signatures.some((signature) => isSame(signature, expected))) return { ok: false, reason: "The signature does not fit the message." };
  if (Math.abs(now - Number(t) * 1_000) > toleranceMs) return { ok: false, reason: "The message is older than five minutes, or the clocks differ." };

  const hints = hintsIn(message.body);
  if (!hints) return { ok: false, reason: "The message is signed but is not a list of events." };
  return { ok: true, hints, receipt: expected.toString("hex"), keepReceiptMs: 2 * toleranceMs };
}

/** In constant time, so that nobody can feel a way to the right signature. */
function isSame(signature: string, expected: Buffer): boolean {
  const given = /^[0-9a-f]{64}$/.test(signature) ? Buffer.from(signature, "hex") : Buffer.alloc(0);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function hintsIn(body: Buffer): readonly CustomcrmHint[] | null {
  try {
    return hintsSchema.parse(JSON.parse(body.toString("utf8"))).Events.map(({ Type, Id, Action }) => ({ type: Type, id: Id, action: Action }));
  } catch {
    return null;
  }
}
