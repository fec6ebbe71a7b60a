const zone = "Europe/Amsterdam";
const hourMs = 3_600_000;
const format = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone,
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
});

/** Offsets change on whole hours only, so one look-up serves an hour. */
const offsets = new Map<number, number>();

/** How far the clock on the wall is ahead of UTC. */
export function offsetAt(utcMs: number): number {
  const hour = Math.floor(utcMs / hourMs);
  const known = offsets.get(hour);
  if (known !== undefined) return known;
  const part = Object.fromEntries(format.formatToParts(hour * hourMs).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second);
  const offset = wall - hour * hourMs;
  if (offsets.size > 50_000) offsets.clear();
  offsets.set(hour, offset);
  return offset;
}

/** The clock on the wall of Exact's server, as milliseconds as if it were UTC: what `/Date(ms)/` holds. */
export const wallOf = (utcMs: number): number => utcMs + offsetAt(utcMs);

/** The resolution of SQL Server's `datetime` is 1/300 s: the milliseconds end in 0, 3 or 7. */
export function sqlDateTime(utcMs: number): number {
  const second = Math.floor(utcMs / 1000) * 1000;
  return second + Math.round((Math.round(((utcMs - second) * 3) / 10) * 10) / 3);
}

export const midnightOf = (wallMs: number): number => Math.floor(wallMs / 86_400_000) * 86_400_000;

/** The wall's time that a text states; one that ends in Z states UTC and is shifted. Null: it is no date. */
export function parseWall(text: string): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?(Z)?)?$/.exec(text);
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits ?? 0)) as [number, number, number, number, number, number];
  if (month > 12 || month < 1 || day < 1 || hour > 23 || minute > 59 || second > 59) return null;
  const stated = Date.UTC(year, month - 1, day, hour, minute, second) + Math.round(Number(`0.${found[7] ?? 0}`) * 1000);
  if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day) return null;
  return found[8] ? wallOf(stated) : stated;
}

/** As a literal writes it: a fraction without trailing zeros, none if it is zero. */
export function wallText(wallMs: number): string {
  const text = new Date(wallMs).toISOString();
  const fraction = text.slice(20, 23).replace(/0+$/, "");
  return fraction === "" ? text.slice(0, 19) : `${text.slice(0, 19)}.${fraction}`;
}

/** As the token endpoint writes a time in its messages. */
export function usText(utcMs: number): string {
  return new Date(wallOf(utcMs)).toLocaleString("en-US", { timeZone: "UTC" }).replaceAll("\u202f", " ").replace(",", "");
}

/** Months on the calendar, not thirty days each. */
export function monthsBefore(utcMs: number, months: number): number {
  const date = new Date(utcMs);
  date.setUTCMonth(date.getUTCMonth() - months);
  return date.getTime();
}
