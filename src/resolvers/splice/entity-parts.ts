import { getNamedType } from "graphql";
import { type Dataflow, dataflowOf, recordTypeOf, shippedFlow } from "../../domain/dataflow.js";
import type { EntityType, System } from "../../domain/words.js";
import type { EntityPieces, EntityQuery, PageQuery, PiecePage, Pieces, RecordPieces, RecordTypes } from "../../store/store.js";
import { firstOf } from "../arguments.js";
import { batched } from "../batches.js";
import { typeNames } from "../entity-objects.js";
import { fieldName, isOfEveryRecord, typeName as recordName } from "../record-objects.js";
import { idIn, leafOf } from "./leaves.js";
import { constant, type Flows, listOf, mapped, NotSpliced, objectOf, optional, type Part, type Reading, read } from "./parts.js";
import type { Selected } from "./selections.js";

/** What becomes of the pieces of entities: the same as of the objects that field resolvers make of whole documents. */

/** The part for entities of one type, as `field` selects it. */
export function entityPart(type: EntityType, field: Selected, flows: Flows): Part<EntityPieces> {
  const typeName = typeNames[type];
  return objectOf(field.below((below) => entityField(type, below, flows), typeName));
}

function entityField(type: EntityType, field: Selected, flows: Flows): Part<EntityPieces> {
  const flow = dataflowOf(flows, type);
  const { name } = field;
  if (name === "__typename") return constant(JSON.stringify(typeNames[type]));
  if (name === "link") return objectOf(field.below((below) => linkField(type, below, flows)));
  if (name === "customcrm") return recordPart("CUSTOMCRM", flow, field);
  if (name === "exact" || name === "exactItem") {
    return getNamedType(field.type).name === recordName("EXACT", flow) ? recordPart("EXACT", flow, field) : constant("null");
  }
  if (name === "contacts") return pageOf("CONTACT", field, flows, ofAccount("CONTACT", field));
  if (name === "products") return pageOf("PRODUCT", field, flows, ofAccount("PRODUCT", field));
  if (name === "account") return read(optional(entityPart("ACCOUNT", field, flows)), readAccounts);
  const leaf = leafOf(field.type);
  if (name === "id" || name === "modifiedAt") return { direct: (entity) => leaf(entity.json(name)) };
  if (name === "customcrmId") return { direct: (entity) => leaf(entity.of("records")?.json("CUSTOMCRM")) };
  if (name === "exactId") return { direct: (entity) => leaf(entity.of("records")?.json("EXACT")) };
  if (name === "fullName") return { direct: (entity) => leaf(fullName(entity.of("fields"))) };
  const isUnified = [flow, shippedFlow(type, flow.exact)].some((one) => one?.rows.some((row) => row.field === name));
  if (!isUnified) throw new NotSpliced(`${field.parent.name}.${name} is no unified field`);
  const none = name === "name" ? '""' : "null";
  return { direct: (entity) => leaf(presentIn(entity.of("fields")?.json(name)) ?? none) };
}

const presentIn = (json: string | undefined): string | null => (json === undefined || json === "null" ? null : json);

/** As `nameOfFields` has it. */
function fullName(fields: Pieces | null): string {
  const name = presentIn(fields?.json("name"));
  const parts = ["firstName", "lastName"].map((part) => presentIn(fields?.json(part))).filter((part) => part !== null && part !== '""');
  return name ?? `"${parts.map((part) => part?.slice(1, -1)).join(" ")}"`;
}

const ofLink = new Set(["state", "version", "type", "origin", "linkedAt", "syncedAt"]);
/** Lists that are empty mostly; anything in them has to be made into something else. */
const lists: { readonly [field: string]: string } = { pending: "intents", conflicts: "conflicts", candidates: "candidates" };

function linkField(type: EntityType, field: Selected, flows: Flows): Part<EntityPieces> {
  const { name } = field;
  if (name === "__typename" || name === "customcrmId" || name === "exactId") {
    return name === "__typename" ? constant(JSON.stringify(field.parent.name)) : entityField(type, field, flows);
  }
  if (name === "entity") return entityPart(type, field, flows);
  if (name === "problem") return mapped(optional(objectOf(field.below(problemField))), (entity) => entity.of("problem"));
  const list = lists[name];
  if (list !== undefined) return { direct: (entity) => emptyOr(entity.json(list)) };
  if (!ofLink.has(name)) throw new NotSpliced(`Link.${name} is read in a way of its own`);
  const leaf = leafOf(field.type);
  return { direct: (entity) => leaf(entity.json(name)) };
}

function emptyOr(json: string | undefined): string {
  if (json === "[]") return json;
  throw new NotSpliced("a list is not empty");
}

function problemField(field: Selected): Part<Pieces> {
  const { name } = field;
  if (name === "__typename") return constant(JSON.stringify(field.parent.name));
  const leaf = leafOf(field.type);
  return { direct: (problem) => leaf(problem.json(name)) };
}

interface KnownRecord extends RecordPieces {
  readonly id: string;
}

function recordPart(system: System, flow: Dataflow, field: Selected): Part<EntityPieces> {
  const type = recordTypeOf(flow, system);
  const part = optional(objectOf(field.below((below) => recordField(system, flow, below))));
  return read(part, (entities: readonly EntityPieces[], { pieces }) => {
    const ids = entities.map((entity) => presentIn(entity.of("records")?.json(system)));
    const given = entities.map(({ snapshots }, i) => (ids[i] === null ? null : snapshots?.[system]));
    if (!given.includes(undefined)) return given.map((record, i) => known(record, ids[i] as string));
    const wanted = [...new Set(ids.filter((id) => id !== null))];
    const refs = wanted.map((id) => ({ system, type, id: idIn(id) }));
    return batched(`records of ${type}`, wanted, () => pieces.records(refs), system).then((found) => {
      const byId = new Map(wanted.map((id, i) => [id, found[i]]));
      return ids.map((id) => (id === null ? null : known(byId.get(id), id)));
    });
  });
}

function known(record: RecordPieces | null | undefined, id: string): KnownRecord | null {
  if (record === undefined) throw new NotSpliced("a record was never read");
  return record && { ...record, id };
}

/** The types of the records that are selected right below a field of entities. */
export function recordTypesBelow(type: EntityType, field: Selected, flows: Flows): RecordTypes {
  const flow = dataflowOf(flows, type);
  const names = new Set(field.fieldsBelow(typeNames[type]).map(({ name }) => name));
  return {
    ...(names.has("customcrm") ? { CUSTOMCRM: recordTypeOf(flow, "CUSTOMCRM") } : {}),
    ...(names.has("exact") || names.has("exactItem") ? { EXACT: recordTypeOf(flow, "EXACT") } : {}),
  };
}

function recordField(system: System, flow: Dataflow, field: Selected): Part<KnownRecord> {
  const { name } = field;
  if (name === "__typename") return constant(JSON.stringify(field.parent.name));
  const leaf = leafOf(field.type);
  if (name === "recordId") return { direct: ({ id }) => leaf(id) };
  if (name === "asOf") return { direct: ({ asOf }) => leaf(`"${asOf}"`) };
  if (name === "modifiedAt") return { direct: ({ modifiedAt }) => leaf(modifiedAt) };
  // Most records have the same properties, so that the list of their names is the same.
  const known = new WeakMap<readonly string[], string | null>();
  const propertyIn = (names: readonly string[]) => {
    const before = known.get(names);
    if (before !== undefined) return before;
    const property = names.findLast((one) => fieldName(system, flow, one) === name) ?? null;
    known.set(names, property);
    return property;
  };
  if (isOfEveryRecord(name)) throw new NotSpliced(`${name} is of every record`);
  return {
    direct({ properties }) {
      const property = propertyIn(properties.names);
      return leaf(property === null ? undefined : properties.json(property));
    },
  };
}

async function readAccounts(entities: readonly Pieces[], { pieces }: Reading): Promise<readonly (Pieces | null)[]> {
  const ids = entities.map((entity) => presentIn(entity.of("fields")?.json("account")));
  const found = await readEntities(
    ids.filter((id) => id !== null && id !== '""').map((id) => idIn(id as string)),
    pieces,
  );
  return ids.map((id) => (id === null || id === '""' ? null : entityIn(found, idIn(id))));
}

/** By its very id, with its records of these types. */
export function readEntity(id: string, types: RecordTypes, pieces: Reading["pieces"]): Promise<EntityPieces> {
  return batched("entities", [id], () => pieces.entity(id, types)).then(there);
}

/** By their very ids, each read once. */
export async function readEntities(ids: readonly string[], pieces: Reading["pieces"]): Promise<ReadonlyMap<string, Pieces | undefined>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const found = await batched("entities", wanted, () => pieces.entities(wanted));
  return new Map(wanted.map((id, i) => [id, found[i]]));
}

/** Former ids, and those of nobody, are known elsewhere. */
export const entityIn = (found: ReadonlyMap<string, Pieces | undefined>, id: string): Pieces => there(found.get(id));

function there<E>(entity: E | undefined): E {
  if (entity) return entity;
  throw new NotSpliced("an id leads to no entity by itself");
}

/** A page, and the list that it is of. */
interface ListPage extends PiecePage {
  readonly query: EntityQuery;
}

/** Pages of the lists that `asked` makes of the parents. */
export function pageOf<P>(
  type: EntityType,
  field: Selected,
  flows: Flows,
  asked: (parents: readonly P[], reading: Reading) => Promise<readonly PageQuery[]>,
): Part<P> {
  const part = objectOf(field.below((below) => pageField(type, below, flows)));
  return read(part, async (parents: readonly P[], reading) => {
    const queries = await asked(parents, reading);
    const pages = await batched("pages", queries, () => reading.pieces.pages(queries));
    return queries.map(({ query }, i): ListPage => {
      const page = pages[i];
      if (!page) throw new NotSpliced("a list takes more than an index");
      const { entities, hasNextPage, hasPreviousPage } = page;
      return { entities, hasNextPage, hasPreviousPage, cursors: () => page.cursors(), query };
    });
  });
}

const ofAccount =
  (type: EntityType, field: Selected) =>
  async (accounts: readonly Pieces[], reading: Reading): Promise<readonly PageQuery[]> => {
    const { first, after } = field.argumentsFor<{ first?: number | null; after?: string | null }>(reading);
    const wanted = firstOf(first);
    return accounts.map((account) => ({
      query: { type, terms: { accountId: idIn(account.json("id")) }, order: "NAME_ASC" },
      first: wanted,
      after: after ?? null,
    }));
  };

interface Edge {
  readonly node: Pieces;
  readonly cursor: string;
}

function pageField(type: EntityType, field: Selected, flows: Flows): Part<ListPage> {
  const { name } = field;
  if (name === "__typename") return constant(JSON.stringify(field.parent.name));
  if (name === "nodes") return mapped(listOf(entityPart(type, field, flows)), ({ entities }) => entities);
  if (name === "edges") {
    const edge = objectOf<Edge>(field.below((below) => edgeField(type, below, flows)));
    return mapped(listOf(edge), (page) => {
      const cursors = page.cursors();
      return page.entities.map((node, i) => ({ node, cursor: cursors[i] ?? "" }));
    });
  }
  if (name === "pageInfo") return objectOf(field.below(pageInfoField));
  if (name === "totalCount") {
    return read({ direct: String }, (pages: readonly ListPage[], { count }) => Promise.all(pages.map(({ query }) => count(query))));
  }
  throw new NotSpliced(`${field.parent.name}.${name} is not known`);
}

function edgeField(type: EntityType, field: Selected, flows: Flows): Part<Edge> {
  if (field.name === "__typename") return constant(JSON.stringify(field.parent.name));
  if (field.name === "cursor") return { direct: ({ cursor }) => `"${cursor}"` };
  if (field.name === "node") return mapped(entityPart(type, field, flows), ({ node }) => node);
  throw new NotSpliced(`${field.parent.name}.${field.name} is not known`);
}

function pageInfoField(field: Selected): Part<PiecePage> {
  const quoted = (cursor: string | undefined) => (cursor === undefined ? "null" : `"${cursor}"`);
  const parts: { readonly [name: string]: (page: PiecePage) => string } = {
    __typename: () => JSON.stringify(field.parent.name),
    hasNextPage: (page) => String(page.hasNextPage),
    hasPreviousPage: (page) => String(page.hasPreviousPage),
    startCursor: (page) => quoted(page.cursors()[0]),
    endCursor: (page) => quoted(page.cursors().at(-1)),
  };
  const direct = parts[field.name];
  if (!direct) throw new NotSpliced(`${field.parent.name}.${field.name} is not known`);
  return { direct };
}
