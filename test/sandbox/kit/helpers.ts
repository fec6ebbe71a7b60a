import { type Answer, CallLog, createRandom, FaultList, type KitRequest, type RecordDesk, serve, VirtualClock } from "../../../src/sandbox/kit/index.js";

/** A small system of notes behind the kit: its effects stand in `log`. */
export async function startNotes(clock = new VirtualClock(Date.UTC(2026, 0, 1))) {
  const log: string[] = [];
  const calls = new CallLog();
  const faults = new FaultList(createRandom("notes"));
  const notes = new Map<string, string>([["1", "milk"]]);
  const desk: RecordDesk = {
    types: () => [{ name: "Notes", key: "id", columns: ["id", "text"], fields: [{ name: "text", input: "text", main: true }] }],
    list: (_type, { q, limit, offset }) => {
      const found = [...notes].filter(([, text]) => text.includes(q)).map(([id, text]) => ({ id, text }));
      return { total: found.length, rows: found.slice(offset, offset + limit) };
    },
    create(_type, { text }) {
      const id = String(notes.size + 1);
      notes.set(id, String(text));
      return { id, text };
    },
    update(_type, id, { text }) {
      if (!notes.has(id)) throw new Error(`There is no note ${id}.`);
      notes.set(id, String(text));
      return { id, text };
    },
    remove: (_type, id) => void notes.delete(id),
  };
  const settings = { loud: false };
  const handler = (request: KitRequest): Answer => {
    log.push(`${request.method} ${request.path} ${request.body.toString("utf8")}`.trim());
    return { status: 200, body: { items: ["one", "two"] } };
  };
  const server = await serve({
    name: "Notes & more",
    clock,
    faults,
    calls,
    handler,
    control: {
      settings: { read: () => settings, change: (patch) => Object.assign(settings, patch) },
      records: desk,
      routes: { "POST /shout": (body) => ({ shouted: body }) },
    },
    routeTemplate: (path) => path.replace(/\d+/, "{id}"),
    emptyList: (answer) => ({ ...answer, body: { items: [] } }),
  });
  const call = (method: string, path: string, body?: unknown) =>
    fetch(server.origin + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }) });
  return { server, clock, calls, faults, notes, log, call, settings };
}
