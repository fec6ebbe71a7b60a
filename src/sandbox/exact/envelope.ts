import type { Answer } from "../kit/index.js";
import { atomEntry, atomError, atomFeed } from "./atom.js";
import type { ListPage } from "./list.js";
import type { Refusal } from "./refusal.js";
import type { WireRow } from "./wire.js";

/** Only who asks for JSON gets it; everybody else gets Atom. */
export const wantsJson = (accept: string | undefined): boolean => /application\/json/i.test(accept ?? "");

const json = "application/json;odata=verbose;charset=utf-8";
const versioned = { dataserviceversion: "2.0", "cache-control": "no-cache" };

export function listAnswer(page: ListPage, asJson: boolean): Answer {
  if (!asJson) return { status: 200, headers: { ...versioned, "content-type": "application/atom+xml;type=feed;charset=utf-8" }, body: atomFeed(page) };
  const inResults = {
    ...(page.count === null ? {} : { __count: String(page.count) }),
    results: page.rows,
    ...(page.next === null ? {} : { __next: page.next }),
  };
  return { status: 200, headers: { ...versioned, "content-type": json }, body: { d: page.isBareArray ? page.rows : inResults } };
}

export function rowAnswer(row: WireRow, asJson: boolean, status = 200, headers: Record<string, string> = {}): Answer {
  if (!asJson) return { status, headers: { ...versioned, ...headers, "content-type": "application/atom+xml;type=entry;charset=utf-8" }, body: atomEntry(row) };
  return { status, headers: { ...versioned, ...headers, "content-type": json }, body: { d: row } };
}

export function errorAnswer({ status, text, headers }: Refusal, asJson: boolean): Answer {
  if (text === null) return { status, headers };
  if (!asJson) return { status, headers: { ...headers, "content-type": "application/xml;charset=utf-8" }, body: atomError(text) };
  return { status, headers: { ...headers, "content-type": json }, body: { error: { code: "", message: { lang: "", value: text } } } };
}
