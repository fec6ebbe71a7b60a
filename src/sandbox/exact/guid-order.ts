const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isGuid = (text: string): boolean => guidPattern.test(text);
export const zeroGuid = "00000000-0000-0000-0000-000000000000";

/**
 * A guid as a text that sorts like SQL Server's uniqueidentifier: the last group counts most, then the fourth, then the
 * third, second and first, each with its bytes in reverse.
 */
export function guidSortKey(guid: string): string {
  const [first = "", second = "", third = "", fourth = "", last = ""] = guid.toLowerCase().split("-");
  return last + fourth + reversedBytes(third) + reversedBytes(second) + reversedBytes(first);
}

const reversedBytes = (hex: string): string => (hex.match(/../g) ?? []).reverse().join("");
