/**
 * A value as it would come back from Redis: through JSON, apart from what the caller holds. Frozen, as it is handed to
 * everybody who asks.
 */
export const kept = <T>(value: T): T => deepFrozen(JSON.parse(JSON.stringify(value)) as T);

function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const one of Object.values(value)) deepFrozen(one);
  return Object.freeze(value);
}
