import type { Entity, Wanted } from "../../domain/entity.js";
import { pick } from "./units.js";

/** What mutations ask of the records that are there: while one is being created, what later ones have added to it. */
export function askedOf({ wanted, operations = [] }: Entity): Wanted | null {
  if (wanted?.kind !== "CREATE") return wanted?.kind === "UPDATE" ? wanted : null;
  const later = operations.filter((one) => one.kind === "UPDATE" && !one.failure);
  const at = later.at(-1)?.at;
  if (at === undefined) return null;
  const names = later.flatMap((one) => Object.keys(one.set));
  return { ...wanted, kind: "UPDATE", at, set: pick(wanted.set, names) };
}
