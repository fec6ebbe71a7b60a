import type { CanonicalValue } from "../../src/domain/canonical.js";
import { type Dataflow, fieldsOf, propertiesOf } from "../../src/domain/dataflow.js";
import type { Entity, HistoryEvent, Intent } from "../../src/domain/entity.js";
import type { Properties, SystemRecord } from "../../src/domain/record.js";
import { isoTime, type System } from "../../src/domain/words.js";
import type { Observation, Plan, PlannedWrite, Sighting } from "../../src/sync/decide/observation.js";
import { owing, sending } from "../../src/sync/decide/owing.js";
import type { WriteOutcome } from "../../src/sync/outcome.js";
import { plan } from "../../src/sync/plan.js";
import { settled, type WriteResult } from "../../src/sync/settled.js";
import { entityOf, none, now, paused, recordOf, referencesOf, settings } from "./decide-helpers.js";

/** What becomes of one write: as asked, or one of the bad nights of sync.md 2.3. */
export type Fate = "taken" | "refused" | "unavailable" | "lost before" | "answer lost" | "lands late" | "modified" | "crash before" | "crash after";
export const fates: readonly Fate[] = [
  "taken",
  "refused",
  "unavailable",
  "lost before",
  "answer lost",
  "lands late",
  "modified",
  "crash before",
  "crash after",
];

const second = 1000;
const quarantineMs = 300 * second;

/** One entity, its two records, and the smallest engine that carries out plans: everything that R8 can see goes wrong here. */
export class PairWorld {
  time = now;
  entity: Entity;
  readonly history: Omit<HistoryEvent, "id">[] = [];
  readonly records: { [S in System]: Map<string, SystemRecord> } = { CUSTOMCRM: new Map(), EXACT: new Map() };
  /** Every value that was read, by side and field. */
  readonly read = new Set<string>();
  /** Every value that a person wrote over, or cleared, where it stood: the last word on it is that person's. */
  readonly replaced = new Set<CanonicalValue>();
  /** Every write that reached a system. */
  readonly writes: { system: System; operation: string; fields: Record<string, CanonicalValue>; needless: boolean }[] = [];
  /** Every write that left us, with what a mutation wanted then. */
  readonly sent: { readonly operation: string; readonly fields: readonly string[]; readonly wanted: readonly string[] | null; readonly isPaused: boolean }[] =
    [];
  /** A person has paused the dataflow. */
  isPaused = false;
  readonly flow: Dataflow;
  readonly #late: { at: number; apply: () => void }[] = [];
  readonly #graceMs: number;
  #ids = 0;
  #fates: Fate[] = [];

  /** `graceMs`: how long after it was sent a lost write may still land; A1 holds while that is less than the quarantine. */
  constructor(flow: Dataflow, start: Readonly<Record<string, string>>, isLinked: boolean, graceMs = quarantineMs - 1) {
    this.flow = flow;
    this.#graceMs = graceMs;
    this.#put("CUSTOMCRM", "c1", start);
    if (isLinked) this.#put("EXACT", "x1", start);
    this.entity = entityOf({
      records: { CUSTOMCRM: "c1", EXACT: isLinked ? "x1" : null },
      state: isLinked ? "PENDING" : "UNLINKED",
      fields: {},
      syncedAt: null,
      origin: null,
    });
  }

  /** A person edits a record. */
  edit(system: System, field: string, value: string | null): void {
    const id = this.entity.records[system];
    const record = id && this.records[system].get(id);
    if (!record) return;
    this.replaced.add(fieldsOf(this.flow, record)[field] ?? null);
    this.#store(system, {
      ...record,
      properties: { ...record.properties, ...propertiesOf(this.flow, system, { [field]: value }) },
      modifiedAt: isoTime(this.time),
    });
  }

  mutate(field: string, value: string): void {
    const set = { ...this.entity.wanted?.set, [field]: value };
    this.entity = { ...this.entity, wanted: { operationId: "op", kind: "UPDATE", set, at: isoTime(this.time), actor: "anna" } };
  }

  pass(seconds: number): void {
    this.time += seconds * second;
    for (const late of [...this.#late].filter((one) => one.at <= this.time)) {
      this.#late.splice(this.#late.indexOf(late), 1);
      late.apply();
    }
  }

  /** Looks at the entity once, and carries out what the plan says; the fates meet the writes in their order. */
  settle(bad: readonly Fate[] = []): void {
    this.#fates = [...bad];
    let next = plan(this.observe());
    // A handful of rounds is all that an honest plan needs, and two more for each write that comes to nothing; a loop would show as more.
    for (let round = 0; round < 6 + 2 * bad.length; round++) {
      this.#keep(next);
      if (next.writes.length === 0) return;
      const results = this.#carryOut(next);
      if (results === "crash") return;
      next = settled(this.observe(), results);
    }
    throw new Error(`No end of writing: ${next.reason}`);
  }

  /** The dataflow goes on, and time goes by without faults until nothing is owed any more. */
  calm(): void {
    this.isPaused = false;
    for (let i = 0; i < 6; i++) {
      this.pass(Math.max(600, this.#graceMs / second));
      this.settle();
    }
  }

  observe(): Observation {
    this.#lookForLostCreate();
    const lookedFor = this.entity.intents.filter((intent) => intent.operation === "CREATE").map((intent) => intent.id);
    const side = (system: System): Sighting => {
      const id = this.entity.records[system];
      const record = id === null ? undefined : this.records[system].get(id);
      if (!record) return none;
      const fields = fieldsOf(this.flow, record);
      for (const [field, value] of Object.entries(fields)) if (value !== null) this.read.add(`${system} ${field} ${value}`);
      return { kind: "present", record, fields };
    };
    return {
      flow: this.flow,
      entity: this.entity,
      sides: { CUSTOMCRM: side("CUSTOMCRM"), EXACT: side("EXACT") },
      references: referencesOf([]),
      settings: { ...settings, quarantineMs, paused: this.isPaused ? paused : null },
      match: { kind: "none" },
      lookedFor,
      now: this.time,
    };
  }

  value(system: System, field: string): CanonicalValue {
    const record = [...this.records[system].values()][0];
    return record ? (fieldsOf(this.flow, record)[field] ?? null) : null;
  }

  /** The engine looks for a create whose answer was lost: found by being there, after the quarantine at the latest. */
  #lookForLostCreate(): void {
    const lost = this.entity.intents.some((intent) => intent.operation === "CREATE" && intent.sentAt !== null);
    const found = [...this.records.EXACT.keys()][0];
    if (lost && found && this.entity.records.EXACT === null) this.entity = { ...this.entity, records: { ...this.entity.records, EXACT: found } };
  }

  #carryOut(planned: Plan): readonly WriteResult[] | "crash" {
    const ids = planned.writes.map(() => `i${++this.#ids}`);
    const owed = owing(planned, ids, null, this.time);
    this.entity = owed.entity;
    const results: WriteResult[] = [];
    for (const [i, write] of planned.writes.entries()) {
      const fate = this.#fates.shift() ?? "taken";
      if (fate === "crash before") return "crash";
      this.entity = sending(this.entity, ids[i] ?? "", this.time, quarantineMs);
      const intent = this.entity.intents.find((one) => one.id === ids[i]);
      if (!intent) throw new Error("An owed write has no intent.");
      const wanted = this.entity.wanted && Object.keys(this.entity.wanted.set);
      this.sent.push({ operation: write.operation, fields: Object.keys(write.fields), wanted, isPaused: this.isPaused });
      const outcome = this.#send(write, intent, fate);
      if (outcome === "crash") return "crash";
      results.push({ intent, outcome, nextAttemptAt: isoTime(this.time + 30 * second) });
      this.time += second;
    }
    return results;
  }

  #send(write: PlannedWrite, intent: Intent, fate: Fate): WriteOutcome | "crash" {
    const apply = () => this.#apply(write, intent);
    const ambiguous: WriteOutcome = { kind: "ambiguous", message: "The answer was lost." };
    switch (fate) {
      case "refused":
        return { kind: "refused", message: "No.", property: null, reason: null };
      case "unavailable":
        return { kind: "later", code: "SYSTEM_UNAVAILABLE", message: "Down.", retryAt: null };
      case "modified":
        return { kind: "modified" };
      case "lost before":
        return ambiguous;
      case "lands late":
        this.#late.push({ at: this.time + this.#graceMs, apply });
        return ambiguous;
      case "answer lost":
        apply();
        return ambiguous;
      case "crash after":
        apply();
        return "crash";
      default:
        return { kind: "done", id: apply(), record: null };
    }
  }

  #apply(write: PlannedWrite, intent: Intent): string {
    const id = write.recordId ?? `x${this.records[write.system].size + 1}`;
    const before = this.records[write.system].get(id);
    const held = before ? fieldsOf(this.flow, before) : {};
    const needless =
      before !== undefined && Object.keys(write.extra).length === 0 && Object.keys(write.fields).some((field) => held[field] === write.fields[field]);
    this.writes.push({ system: write.system, operation: write.operation, fields: { ...intent.fields }, needless });
    const base = before ?? recordOf(this.flow, write.system, id, {});
    const properties: Properties = { ...base.properties, ...propertiesOf(this.flow, write.system, write.fields), ...write.extra };
    this.#store(write.system, { ...base, properties, modifiedAt: isoTime(this.time) });
    return id;
  }

  #keep(planned: Plan): void {
    this.entity = { ...planned.next, revision: this.entity.revision + 1 };
    this.history.push(...planned.history);
  }

  #put(system: System, id: string, fields: Readonly<Record<string, string>>): void {
    this.#store(system, recordOf(this.flow, system, id, fields, { modifiedAt: isoTime(this.time) }));
  }

  #store(system: System, record: SystemRecord): void {
    this.records[system].set(record.id, record);
  }
}
