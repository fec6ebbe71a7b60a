import { z } from "zod";
import type { CallLog } from "./calls.js";
import type { VirtualClock } from "./clock.js";
import { type Answer, decoded, jsonBody, type KitRequest } from "./exchange.js";
import { type FaultList, faultRuleSchema } from "./faults.js";

/** One property of a record as the page offers it. */
export interface FieldFace {
  readonly name: string;
  readonly input: "text" | "long" | "number" | "boolean" | "date";
  readonly readOnly?: boolean;
  /** Shown at once; the others on request. */
  readonly main?: boolean;
}

export interface RecordType {
  readonly name: string;
  /** The property that identifies a record. */
  readonly key: string;
  /** The properties shown in the table. */
  readonly columns: readonly string[];
  readonly fields: readonly FieldFace[];
}

export type Row = Readonly<Record<string, unknown>>;

/** A person at the desk: what is done here counts as done by hand. Refusals are thrown, in words for that person. */
export interface RecordDesk {
  types(): readonly RecordType[];
  list(type: string, view: { readonly q: string; readonly limit: number; readonly offset: number }): { readonly total: number; readonly rows: readonly Row[] };
  create(type: string, values: Row): Row;
  update(type: string, id: string, values: Row): Row;
  remove(type: string, id: string): void;
}

export type ControlRoute = (body: unknown, query: URLSearchParams) => unknown;

/** What a sandbox lets be controlled. */
export interface ControlSurface {
  readonly settings: { read(): unknown; change(patch: unknown): unknown };
  readonly records: RecordDesk;
  /** Further routes, by method and path below `/_control`, as `POST /division/move`. */
  readonly routes?: Readonly<Record<string, ControlRoute>>;
}

/** Answers 404 (or another status) with the sentence. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Parts {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly faults: FaultList;
  readonly calls: CallLog;
  readonly surface: ControlSurface;
  /** Refuses connections for ms of the clock. */
  readonly downFor: (ms: number) => void;
}

/** The control API below `/_control`: JSON in, JSON out. */
export function createControl(parts: Parts): (request: KitRequest) => Promise<Answer> {
  const routes = { ...standardRoutes(parts), ...parts.surface.routes };
  return async (request) => {
    try {
      refuseForeign(request);
      const path = request.path.slice("/_control".length).replace(/\/$/, "");
      const body = request.body.length === 0 ? undefined : jsonBody(request);
      if (request.body.length > 0 && body === undefined) throw new ControlError(400, "The body is not JSON.");
      const record = /^\/records\/([^/]+)(?:\/([^/]+))?$/.exec(path);
      const result = record
        ? editRecord(parts.surface.records, request.method, decoded(record[1] ?? ""), record[2] === undefined ? null : decoded(record[2]), body)
        : await (routes[`${request.method} ${path}`] ?? unknownRoute)(body, request.query);
      return result === undefined ? { status: 204 } : { status: 200, body: result as object };
    } catch (error) {
      return { status: error instanceof ControlError ? error.status : 400, body: { error: sentence(error) } };
    }
  };
}

function standardRoutes({ name, clock, faults, calls, surface, downFor }: Parts): Record<string, ControlRoute> {
  const now = () => ({ now: clock.now(), iso: new Date(clock.now()).toISOString() });
  return {
    "GET ": () => ({ system: name, clock: now(), calls: calls.count() }),
    "GET /calls": (_body, query) => ({
      total: calls.count(),
      mostAtOnce: calls.mostAtOnce(),
      counts: calls.counts(),
      calls: calls.last(whole(query.get("last"), 100)),
    }),
    "DELETE /calls": () => calls.reset(),
    "GET /faults": () => faults.list(),
    "POST /faults": (body) => faults.add(faultRuleSchema.parse(body)),
    "DELETE /faults": (_body, query) => removeFaults(faults, query.get("id")),
    "GET /settings": () => surface.settings.read(),
    "PATCH /settings": (body) => surface.settings.change(body),
    "GET /clock": now,
    "POST /clock/advance": async (body) => {
      await clock.advance(z.strictObject({ ms: z.number().nonnegative() }).parse(body).ms);
      return now();
    },
    "POST /down": (body) => downFor(z.strictObject({ ms: z.number().positive() }).parse(body).ms),
    "GET /types": () => surface.records.types(),
    "GET /records": (_body, query) =>
      surface.records.list(query.get("type") ?? "", { q: query.get("q") ?? "", limit: whole(query.get("limit"), 50), offset: whole(query.get("offset"), 0) }),
  };
}

function editRecord(desk: RecordDesk, method: string, type: string, id: string | null, body: unknown): Row | undefined {
  const values = () => z.record(z.string(), z.unknown()).parse(body);
  if (method === "POST" && id === null) return desk.create(type, values());
  if (method === "PUT" && id !== null) return desk.update(type, id, values());
  if (method === "DELETE" && id !== null) {
    desk.remove(type, id);
    return undefined;
  }
  return unknownRoute();
}

function removeFaults(faults: FaultList, id: string | null): undefined {
  if (id === null) faults.clear();
  else if (!faults.remove(id)) throw new ControlError(404, `There is no fault rule '${id}'.`);
}

function unknownRoute(): never {
  throw new ControlError(404, "The control API has no such route.");
}

/** A page of another site that is open in the same browser must not play the bookkeeper. */
function refuseForeign(request: KitRequest): void {
  const { origin, host } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`) throw new ControlError(403, "The control API does not answer pages of other sites.");
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? "")) throw new ControlError(403, "The control API is reached by a loopback name only.");
}

function whole(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new ControlError(400, `'${text}' is not a whole number.`);
  return value;
}

function sentence(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
