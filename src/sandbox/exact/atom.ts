import type { ListPage } from "./list.js";
import type { WireRow } from "./wire.js";

const spaces =
  'xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" ' +
  'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"';
const opening = '<?xml version="1.0" encoding="utf-8"?>\n';

/** What comes unless JSON is asked for. Enough to see that it is Atom and what it holds. */
export function atomFeed({ rows, next, count }: ListPage): string {
  const total = count === null ? "" : `<m:count>${count}</m:count>`;
  const link = next === null ? "" : `<link rel="next" href="${xml(next)}"/>`;
  return `${opening}<feed ${spaces}>${total}${rows.map((row) => entry(row, "")).join("")}${link}</feed>`;
}

export const atomEntry = (row: WireRow): string => opening + entry(row, ` ${spaces}`);

export function atomError(text: string): string {
  return `${opening}<m:error ${spaces}><m:code/><m:message xml:lang="">${xml(text)}</m:message></m:error>`;
}

function entry(row: WireRow, attributes: string): string {
  const { __metadata, ...values } = row;
  const id = (__metadata as { uri?: string } | undefined)?.uri ?? "";
  const properties = Object.entries(values).map(([name, value]) => property(name, value));
  return `<entry${attributes}><id>${xml(id)}</id><content type="application/xml"><m:properties>${properties.join("")}</m:properties></content></entry>`;
}

function property(name: string, value: unknown): string {
  if (value === null) return `<d:${name} m:null="true"/>`;
  if (typeof value === "object") return "";
  const ticks = typeof value === "string" ? /^\/Date\((-?\d+)\)\/$/.exec(value)?.[1] : undefined;
  const text = ticks === undefined ? String(value) : new Date(Number(ticks)).toISOString().slice(0, -1);
  return `<d:${name}>${xml(text)}</d:${name}>`;
}

const xml = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
