import { limits } from "../../domain/limits.js";
import { type EntityType, entityTypes } from "../../domain/words.js";
import type { EntityRef } from "../../schema/entity-ref.input.js";
import type { EntityQuery, PageQuery, Pieces } from "../../store/store.js";
import { checkIds, firstOf, oneOf as onlyOf } from "../arguments.js";
import { typeNames } from "../entity-objects.js";
import { entityQueryOf, type Filter } from "../entity-query.js";
import { entityIn, entityPart, pageOf, readEntities, readEntity, recordTypesBelow } from "./entity-parts.js";
import { idIn } from "./leaves.js";
import { constant, type Flows, listOf, NotSpliced, oneOf, type Part, type Reading, read } from "./parts.js";
import type { Selected } from "./selections.js";

const single: { readonly [field: string]: EntityType } = { account: "ACCOUNT", contact: "CONTACT", product: "PRODUCT" };
const plural: { readonly [field: string]: EntityType } = { accounts: "ACCOUNT", contacts: "CONTACT", products: "PRODUCT" };

/** The part for a field of queries. It has one parent, which is null. */
export function rootPart(field: Selected, flows: Flows): Part<null> {
  const { name } = field;
  if (name === "__typename") return constant(JSON.stringify(field.parent.name));
  const one = single[name];
  if (one) return entityRoot(one, field, flows);
  const many = plural[name];
  if (many) return pageOf(many, field, flows, async (_, reading) => [await listOfArguments(many, field, reading)]);
  if (name === "node") return read(anyEntity(field, flows), async (_, reading) => nodesOf([field.argumentsFor<{ id: string }>(reading).id], reading));
  if (name === "nodes") return read(listOf(anyEntity(field, flows)), async (_, reading) => [await nodesOf(idsIn(field, reading), reading)]);
  if (name === "_entities") return read(listOf(anyEntity(field, flows)), async (_, reading) => [await entitiesOf(field, reading)]);
  throw new NotSpliced(`${field.parent.name}.${name} does not read entities only`);
}

function anyEntity(field: Selected, flows: Flows): Part<Pieces> {
  const parts = new Map(entityTypes.map((type) => [JSON.stringify(type), entityPart(type, field, flows)]));
  return oneOf((entity) => {
    const part = parts.get(entity.json("type") ?? "");
    if (!part) throw new NotSpliced("an entity has no type");
    return part;
  });
}

function entityRoot(type: EntityType, field: Selected, flows: Flows): Part<null> {
  const types = recordTypesBelow(type, field, flows);
  return read(entityPart(type, field, flows), (_, reading) => {
    const { by, maxAge } = field.argumentsFor<{ by: EntityRef; maxAge?: number | null }>(reading);
    stored(maxAge);
    const { name, value } = onlyOf(by, ["id", "customcrmId", "exactId"], "by");
    if (name !== "id") throw new NotSpliced("a record's owner is looked for");
    return readEntity(idIn(JSON.stringify(value)), types, reading.pieces).then((entity) => [ofType(entity, type)]);
  });
}

function ofType<E extends Pieces>(entity: E, type: EntityType): E {
  if (entity.json("type") === JSON.stringify(type)) return entity;
  throw new NotSpliced("an entity is of another type");
}

/** What is stored answers only who asked for nothing fresher. */
function stored(maxAge: number | null | undefined): void {
  if (maxAge !== null && maxAge !== undefined) throw new NotSpliced("records may have to be read again");
}

interface ListArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly filter?: Filter | null;
  readonly orderBy?: EntityQuery["order"] | null;
  readonly maxAge?: number | null;
}

async function listOfArguments(type: EntityType, field: Selected, reading: Reading): Promise<PageQuery> {
  const { first, after, filter, orderBy, maxAge } = field.argumentsFor<ListArguments>(reading);
  stored(maxAge);
  const query = entityQueryOf(type, filter, orderBy);
  if (!query) throw new NotSpliced("nothing can fit");
  // A former id of an account leads to the list of the one that it is now.
  if (filter?.accountId) entityIn(await readEntities([idIn(JSON.stringify(filter.accountId))], reading.pieces), filter.accountId);
  return { query, first: firstOf(first), after: after ?? null };
}

async function nodesOf(ids: readonly string[], { pieces }: Reading): Promise<readonly Pieces[]> {
  const found = await readEntities(
    ids.map((id) => idIn(JSON.stringify(id))),
    pieces,
  );
  return ids.map((id) => entityIn(found, id));
}

function idsIn(field: Selected, reading: Reading): readonly string[] {
  const { ids } = field.argumentsFor<{ ids: string[] }>(reading);
  checkIds(ids, limits.list.maxNodes);
  return ids;
}

interface Representation {
  readonly __typename?: unknown;
  readonly id?: unknown;
}

const typeByName = new Map(entityTypes.map((type) => [typeNames[type], type]));

async function entitiesOf(field: Selected, reading: Reading): Promise<readonly Pieces[]> {
  const { representations } = field.argumentsFor<{ representations: readonly Representation[] }>(reading);
  const asked = representations.map((one) => {
    const type = typeByName.get(String(one?.__typename));
    if (type === undefined || typeof one.id !== "string" || one.id === "") throw new NotSpliced("a reference has another key");
    return { type, id: one.id };
  });
  const found = await nodesOf(
    asked.map(({ id }) => id),
    reading,
  );
  return found.map((entity, i) => ofType(entity, asked[i]?.type as EntityType));
}
