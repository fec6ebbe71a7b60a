import type { Fields } from "../../src/domain/canonical.js";
import { type Dataflow, dataflowOf, fieldsOf, propertyOf, recordTypeOf } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import type { Operation } from "../../src/domain/operation.js";
import type { SystemRecord } from "../../src/domain/record.js";
import { entityTypes, otherSystem, type System, systems } from "../../src/domain/words.js";
import { mutations } from "./check-mutations.js";
import { type Clear, type Edit, tokenIn } from "./oracle.js";
import type { World } from "./world.js";

/** Every promise that can be checked once nothing moves any more; each line names the invariant that does not hold. */
export async function check(world: World): Promise<readonly string[]> {
  const links = await Links.of(world);
  // First, as what a client saw and replaced is no loss.
  const asked = await mutations(world);
  return [
    ...asked,
    ...links.bijection(),
    ...links.agreement(),
    ...links.states(),
    ...counterparts(world),
    ...(await losses(world, links)),
    ...returns(world, links),
  ];
}

/** R12: the feeds alone have shown every record as it stands, before any compare made good for them. */
export async function missedByFeeds({ store, systems: both }: World): Promise<readonly string[]> {
  const refs = both.refs();
  const snapshots = await store.snapshots.get(refs);
  return refs.flatMap(({ system, type, id }, i) => {
    const now = Object.entries(both.propertiesOf(system, id) ?? {});
    const known = snapshots[i]?.record.properties;
    const isShown = known && now.every(([name, value]) => !(name in known) || tokenIn(value) === tokenIn(known[name]));
    return isShown ? [] : [`R12 the feeds have not shown ${system} ${type} ${id} as it stands.`];
  });
}

/**
 * Once nothing is marked: whoever stands in no agreement says why, in words, and what goes on by itself says when. Only a pause has
 * no time, as a person ends it.
 */
export async function untold({ store }: World): Promise<readonly string[]> {
  const found: string[] = [];
  for (const type of entityTypes) {
    for await (const batch of store.entities.scan(type)) {
      for (const { id, state, problem, nextActionAt } of batch) {
        if (state === "LINKED" || state === "UNLINKED") continue;
        if (!problem?.message) found.push(`I7 ${id} is ${state} and does not say why.`);
        else if (state === "PENDING" && problem.code !== "PAUSED" && (nextActionAt === null || problem.nextAttemptAt === null))
          found.push(`I7 ${id} is PENDING (${problem.code}) and does not say when it is tried again.`);
      }
    }
  }
  return found;
}

/** The store's links beside what the systems hold. */
class Links {
  private constructor(
    private readonly world: World,
    readonly entities: readonly Entity[],
  ) {}

  static async of(world: World): Promise<Links> {
    const entities: Entity[] = [];
    for (const type of entityTypes) for await (const batch of world.store.entities.scan(type)) entities.push(...batch);
    return new Links(world, entities);
  }

  /** I1: every record in exactly one entity, every entity's records there. */
  bijection(): readonly string[] {
    const found: string[] = [];
    const owners = new Map<string, string>();
    for (const entity of this.entities) {
      for (const system of systems) {
        const id = entity.records[system];
        if (id === null) continue;
        const key = `${system}:${id}`;
        const other = owners.get(key);
        if (other) found.push(`I1 ${key} belongs to ${other} and to ${entity.id}.`);
        owners.set(key, entity.id);
        if (this.world.systems.propertiesOf(system, id) === null) found.push(`I1 ${entity.id} (${entity.state}) holds ${key}, which is gone.`);
      }
    }
    for (const { system, id } of this.world.systems.refs()) if (!owners.has(`${system}:${id}`)) found.push(`I1 ${system}:${id} belongs to no entity.`);
    return found;
  }

  /** I2: linked records agree, and with both shadows, but for what waits for a person or was ignored. */
  agreement(): readonly string[] {
    const found: string[] = [];
    for (const entity of this.entities) {
      if (entity.records.CUSTOMCRM === null || entity.records.EXACT === null || entity.state === "DETACHED") continue;
      const flow = this.flow(entity);
      const values = { CUSTOMCRM: this.fields(entity, "CUSTOMCRM"), EXACT: this.fields(entity, "EXACT") };
      const excused = excusedFields(entity, flow, values, this.lacksReference(entity));
      for (const row of flow.rows.filter((one) => one.direction === "BOTH" && !excused.has(one.field))) {
        const [c, e] = systems.map((system) => this.identity(row.refersTo !== undefined, system, values[system]?.[row.field] ?? null));
        if (c !== e) found.push(`I2 ${entity.id} (${entity.state}) ${row.field}: ${c} in Customcrm, ${e} in Exact.`);
        else
          for (const system of systems) {
            const shadow = entity.shadows[system]?.[row.field] ?? null;
            if (shadow !== (values[system]?.[row.field] ?? null))
              found.push(`I2 ${entity.id} ${row.field}: the shadow of ${system} is ${shadow}, the value ${values[system]?.[row.field]}.`);
          }
      }
    }
    return found;
  }

  /** Every state that is no agreement has a cause in the world. */
  states(): readonly string[] {
    return this.entities.flatMap((entity) => {
      const why = this.unexplained(entity);
      return why === null ? [] : [`I7 ${entity.id} is ${entity.state} (${entity.problem?.code ?? "no problem"}): ${why}`];
    });
  }

  private unexplained(entity: Entity): string | null {
    const { oracle, people, character } = this.world;
    const things = systems.flatMap((system) => (entity.records[system] === null ? [] : [oracle.thingOf(system, entity.records[system] ?? "")]));
    const isTroubled = things.some((thing) => thing !== null && oracle.troubled.has(thing));
    const isPair = entity.records.CUSTOMCRM !== null && entity.records.EXACT !== null;
    switch (entity.state) {
      case "LINKED":
        return isPair ? null : "it has one record only.";
      case "PENDING":
        return "nothing can be under way any more.";
      case "UNLINKED": {
        const flow = this.flow(entity);
        const rule = entity.records.EXACT === null ? flow.create.toExact : flow.create.toCustomcrm;
        return rule.kind === "never" ? null : "its counterpart was never made.";
      }
      case "WAITING":
        if (entity.problem?.code === "NO_DEFAULT_ACCOUNT") return null;
        if (entity.problem?.code !== "WAITING_FOR_REFERENCE") return "nothing can hold it any more.";
        return this.lacksReference(entity) || this.lacksOwner(entity) ? null : "what it refers to is linked.";
      case "REVIEW":
        return people.twins > 0 ? null : "no two records of this world have a key in common.";
      case "DETACHED":
        if (entity.problem?.code === "ROLLBACK_UNSAFE") return this.isUndoneInPart(entity) ? null : "no mutation that made it was undone on one side only.";
        return things.some((thing) => thing !== null && oracle.deletedByPeople.has(thing)) || (oracle.deletedByPeople.size > 0 && people.twins > 0)
          ? null
          : "nobody deleted its counterpart.";
      case "CONFLICT":
        return character.settings.flows.some((flow) => flow.rows.some((row) => row.policy === "MANUAL")) ? null : "no policy asks for a person.";
      case "FAILED": {
        if (entity.problem?.code === "NO_LAST_NAME" || this.isOvertaken(entity)) return null;
        return isTroubled || (entity.problem?.code === "REFUSED_BY_SYSTEM" && entity.problem.message.includes("does not take an empty"))
          ? null
          : `nothing was refused or dropped: ${entity.problem?.message}`;
      }
    }
  }

  /** A mutation that was to make it is PARTIAL: one record of it is gone again, and the other could not be taken back (design: writing through). */
  private isUndoneInPart({ id }: Entity): boolean {
    const isHalf = ({ writes }: Operation) => ["ROLLED_BACK", "APPLIED"].every((status) => writes.some((write) => write.status === status));
    return [...this.world.clients.operations.values()].some((one) => one.entityId === id && one.kind === "CREATE" && one.status === "PARTIAL" && isHalf(one));
  }

  /** What was read back was entered by a person between our write and our look: that can't be told from a system's own habit. */
  private isOvertaken(entity: Entity): boolean {
    const { oracle, character } = this.world;
    return (
      entity.ignored.length > 0 &&
      entity.ignored.every((one) => {
        if (one.field === "account") return character.moveContact !== "allow" || oracle.moved.has(`${one.system}:${entity.records[one.system]}`);
        const token = tokenIn(one.returned);
        const edit = token === null ? undefined : oracle.edits.get(token);
        if (edit) return edit.system === one.system && edit.recordId === entity.records[one.system];
        return oracle.clears.some((clear) => clear.system === one.system && clear.recordId === entity.records[one.system]);
      })
    );
  }

  private lacksReference(entity: Entity): boolean {
    return this.flow(entity)
      .rows.filter((row) => row.refersTo)
      .some((row) =>
        systems.some((system) => {
          const id = entity.records[system] === null ? null : (this.fields(entity, system)?.[row.field] ?? null);
          const target = id === null ? undefined : this.entities.find((one) => one.type === row.refersTo && one.records[system] === id);
          return id !== null && (!target || target.records[otherSystem(system)] === null);
        }),
      );
  }

  /** It was to be made through the gateway, for somebody who lacks a side or is there no more. */
  private lacksOwner({ fields, records }: Entity): boolean {
    const owner = this.entities.find((one) => one.id === fields.account);
    const isMade = systems.some((system) => records[system] !== null);
    return !isMade && (!owner || systems.some((system) => owner.records[system] === null));
  }

  flow(entity: Entity): Dataflow {
    return dataflowOf(this.world.character.settings.flows, entity.type);
  }

  /** What a side really holds, in canonical form. */
  fields(entity: Entity, system: System): Fields | null {
    const id = entity.records[system];
    const properties = id === null ? null : this.world.systems.propertiesOf(system, id);
    if (id === null || properties === null) return null;
    const flow = this.flow(entity);
    const texts = Object.fromEntries(flow.rows.map((row) => [propertyOf(row, system), (properties[propertyOf(row, system)] ?? null) as string | null]));
    const record: SystemRecord = { system, type: recordTypeOf(flow, system), id, modifiedAt: null, createdAt: null, etag: null, properties: texts };
    return fieldsOf(flow, record);
  }

  /** A reference by the entity that it leads to, so that both sides can be compared. */
  private identity(isReference: boolean, system: System, value: string | null): string | null {
    if (!isReference || value === null) return value;
    return this.entities.find((one) => one.type === "ACCOUNT" && one.records[system] === value)?.id ?? `${system}:${value}`;
  }
}

/** Fields that a person, or another entity, must settle; with all of their unit. */
function excusedFields(entity: Entity, flow: Dataflow, values: { readonly [S in System]: Fields | null }, lacksReference: boolean): ReadonlySet<string> {
  const names = new Set<string>();
  for (const one of entity.conflicts) names.add(one.field);
  for (const one of entity.ignored) names.add(one.field);
  for (const one of entity.refused ?? []) for (const field of one.fields) names.add(field);
  // A conflict in another field is told first; a reference to what has no counterpart waits beside it (R7).
  if (entity.state === "WAITING" || (entity.state === "CONFLICT" && lacksReference)) for (const row of flow.rows) if (row.refersTo) names.add(row.field);
  if (entity.state === "FAILED") {
    if (entity.problem?.field) names.add(entity.problem.field);
    // What Customcrm demands and Exact lacks can't go there.
    for (const field of ["name", "lastName"]) if (values.EXACT && field in values.EXACT && values.EXACT[field] === null) names.add(field);
  }
  if (entity.state === "FAILED" || entity.state === "CONFLICT")
    for (const row of flow.rows) if (row.refersTo && entity.problem?.code !== "CONFLICT") names.add(row.field);
  for (const row of flow.rows) if (row.group && flow.rows.some((one) => one.group === row.group && names.has(one.field))) names.add(row.field);
  return names;
}

/** I3: one record that a person made leads to at most one that we made on the other side. What nobody can attribute is counted apart. */
function counterparts(world: World): readonly string[] {
  const { oracle, systems: both, pairs } = world;
  const made = new Map<string, string[]>();
  for (const one of oracle.creations) {
    if (one.thing === null) continue;
    // Nor can what it was copied from: that counts as a thing of its own.
    if (oracle.isUnrecognisable(one) || oracle.creations.some((other) => other.recordId === one.from && oracle.isUnrecognisable(other))) continue;
    // Deleted before we could know whose it was: nobody can tell that from a create that never landed (SYNC.md, assumption A4).
    if (both.propertiesOf(one.system, one.recordId) === null && !pairs.has(`${one.system}:${one.recordId}`)) continue;
    const key = `${one.thing} in ${one.system}`;
    made.set(key, [...(made.get(key) ?? []), one.recordId]);
  }
  return [...made].filter(([, ids]) => ids.length > 1).map(([thing, ids]) => `I3 the thing ${thing} was created ${ids.length} times: ${ids.join(", ")}.`);
}

/** I4: a value that was entered and read stands somewhere, or was replaced by somebody who saw it, or lost by policy and is in the history. */
async function losses(world: World, links: Links): Promise<readonly string[]> {
  const { oracle, systems: both } = world;
  const found: string[] = [];
  const standing = both.texts().join("\n");
  const lost = new Map<string, { winner: string | null; field: string }[]>();
  for (const id of world.entityIds) {
    const { events } = await world.store.entities.history(id, 200, null);
    for (const event of events) {
      for (const change of event.fields) {
        // What a mutation replaces stood there for all to see when it was accepted, and stands beside it in the history.
        const token = tokenIn(change.lost) ?? (event.source === "GATEWAY" ? tokenIn(change.before) : null);
        if (token !== null) lost.set(token, [...(lost.get(token) ?? []), { winner: tokenIn(change.after), field: change.field }]);
      }
    }
  }
  for (const { token, system, recordId, property } of oracle.takenAlong) {
    if (lost.get(token)?.some(({ winner }) => winner !== null)) continue;
    found.push(`R9 ${system} ${recordId} was deleted with ${token} in ${property}, which had been read and stood nowhere else.`);
  }
  for (const edit of oracle.edits.values()) {
    if (edit.isSuperseded || edit.isBlind || !edit.isRead || standing.includes(`${edit.token}`)) continue;
    const told = lost.get(edit.token);
    if (!told) found.push(`I4 ${edit.token}, entered in ${edit.system} ${edit.recordId} ${edit.property}, is gone, and no history tells why.`);
    // An address or a name merges as one, so that a part of it may lose to one that is older.
    else if (isBeforeLink(world, edit) || !told.every(({ winner, field }) => winner !== null && !grouped.has(field) && oracle.descends(edit.token, winner)))
      continue;
    // The order of two edits is not known where a write of ours was open in between (R3): Customcrm's wins, and the history has both.
    else if (isUncertain(world, links, edit) || edit.replacesUnread) world.reverted++;
    else found.push(`I4 ${edit.token}, entered in ${edit.system} ${edit.recordId} ${edit.property}, lost to a value that its author had replaced.`);
  }
  return found;
}

function isUncertain({ oracle }: World, links: Links, edit: Edit | Clear): boolean {
  const owner = links.entities.find((one) => one.records[edit.system] === edit.recordId);
  const keys = [`${edit.system}:${edit.recordId}`, ...systems.map((system) => `${system}:${owner?.records[system]}`)];
  return keys.some((key) => oracle.ambiguous.has(key));
}

/** Entered before the two records were known to agree on the property: then the base is unknown, and the policy decides (R4). */
function isBeforeLink({ oracle, linkedAt, agreedAt, pairs }: World, edit: Edit | Clear): boolean {
  const key = `${edit.system}:${edit.recordId}`;
  const isOurs = (record: string) => oracle.creations.some((one) => record === `${one.system}:${one.recordId}`);
  if (isOurs(key)) return edit.step < (linkedAt.get(key) ?? Number.POSITIVE_INFINITY);
  // What we created the other record from is what both agree on; of two that people made nothing is known.
  const partner = pairs.get(key);
  return partner !== undefined && !isOurs(partner) && edit.step < (agreedAt.get(`${key} ${edit.property}`) ?? Number.POSITIVE_INFINITY);
}

const grouped = new Set(["addressLine1", "addressLine2", "postcode", "city", "country", "firstName", "lastName"]);

/** I4, the other way round: what a person emptied, and we have read, is not filled again with what stood there. */
function returns(world: World, links: Links): readonly string[] {
  const { oracle, systems: both } = world;
  return oracle.clears.flatMap((clear) => {
    if (clear.isSuperseded || clear.isBlind || !clear.isRead || isBeforeLink(world, clear)) return [];
    const now = tokenIn(both.propertiesOf(clear.system, clear.recordId)?.[clear.property]);
    const owner = links.entities.find((one) => one.records[clear.system] === clear.recordId);
    const row = owner && links.flow(owner).rows.find((one) => propertyOf(one, clear.system) === clear.property);
    // An address merges as one: emptying a part of it loses with the whole.
    if (row?.group) return [];
    if (now !== clear.saw || owner?.state === "CONFLICT") return [];
    // Emptied before the two were linked: then a value beats no value (R4).
    if (clear.step < (world.linkedAt.get(`${clear.system}:${clear.recordId}`) ?? Number.POSITIVE_INFINITY)) return [];
    // It stood empty before as well: after a lost answer nobody can tell whether our write was ignored or undone.
    if (isUncertain(world, links, clear)) return [];
    return [`I4 ${clear.system} ${clear.recordId} ${clear.property} was emptied, and holds ${clear.saw} again.`];
  });
}
