import { type RecordRef, refKey } from "../domain/record.js";
import { systems } from "../domain/words.js";
import { heldKey, type Mint, mintUnknown } from "./mint.js";

/** Gives rows that were held for an open create another look. */
export async function reviewHeld(parts: Mint): Promise<void> {
  const { store } = parts;
  const found = await store.documents.get<RecordRef[]>("meta", heldKey);
  if (!found || found.value.length === 0) return;
  const snapshots = await store.snapshots.get(found.value);
  const isThere = found.value.map((_, i) => snapshots[i]?.deletedAt === null);
  const owners = await store.entities.idsOfRecords(found.value);
  for (const system of systems) {
    const records = found.value.flatMap((ref, i) => (ref.system === system && isThere[i] && !owners[i] ? (snapshots[i]?.record ?? []) : []));
    // Those that still fit an open create stay held.
    await mintUnknown(parts, system, records);
  }
  // Only what is somebody's now, or gone, leaves the list: a crash before this loses nothing (I7).
  const after = await store.documents.get<RecordRef[]>("meta", heldKey);
  if (!after) return;
  const known = await store.entities.idsOfRecords(after.value);
  const gone = new Set(found.value.filter((_, i) => !isThere[i]).map(refKey));
  // A create may have been settled just before its row was stored, by what it had read itself.
  const settled = known.flatMap((id) => id ?? []);
  if (settled.length > 0) await store.feeds.markDirty(settled);
  const left = after.value.filter((ref, i) => !known[i] && !gone.has(refKey(ref)));
  if (left.length < after.value.length) await store.documents.set("meta", heldKey, left, after.version);
}
