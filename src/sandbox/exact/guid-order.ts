const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isGuid = (text: string): boolean => guidPattern.test(text);
export const zeroGuid = "00000000-0000-0000-0000-000000000000";

/**
 * A guid as a text that sorts like SQL Server's uniqueidentifier: the last group counts most, then the fourth, then the
 * third, second and first, each with its bytes in reverse.
 */
export function guidSortKey(guid: string): string {
  const known = sortKeys.get(guid);
  if (known !== undefined) return known;
  const [first = "", second = "", third = "", fourth = "", last = ""] = guid.toLowerCase().split("-");
  const key = last + fourth + reversedBytes(third) + reversedBytes(second) + reversedBytes(first);
  if (sortKeys.size > 200_000) sortKeys.clear();
  sortKeys.set(guid, key);
  return key;
}

/** Lists are sorted again for each page. */
const sortKeys = new Map<string, string>();

const reversedBytes = (hex: string): string => (hex.match(/../g) ?? []).reverse().join("");
