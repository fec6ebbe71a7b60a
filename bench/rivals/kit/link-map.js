import DataLoader from "dataloader";
import { createClient } from "redis";
// What the gateway packs, nobody unpacks faster by hand.
import { unpackEntity, unpackRecord } from "../../../dist/store/redis/packing.js";

/** The link map as the gateway keeps it in Redis: documents of entities, snapshots of records, indexes by name and by account. */
const root = `tandem:{${process.env.BENCH_TENANT}}:`;
const entityKey = (id) => `${root}entity:${id}`;
const idOf = (position) => position.slice(position.lastIndexOf("\0") + 1);

export async function connect() {
  const client = createClient({ socket: { path: process.env.BENCH_REDIS_SOCKET, tls: false } });
  await client.connect();
  return client;
}

/** What one request reads: whatever is asked for in one tick is one batch, equal keys are read once. */
export class Loaders {
  constructor(client) {
    this.client = client;
    this.entities = new DataLoader(async (ids) => (await client.mGet(ids.map(entityKey))).map(parsed));
    this.customers = new DataLoader(async (ids) =>
      (await client.mGet(ids.map((id) => `${root}snapshot:CUSTOMCRM:Customer:${id}`))).map((text, i) => customer(ids[i], text)),
    );
    this.accounts = new DataLoader(async (ids) =>
      (await client.mGet(ids.map((id) => `${root}snapshot:EXACT:Accounts:${id}`))).map((text, i) => exactAccount(ids[i], text)),
    );
    // Commands of one tick go out together.
    this.contacts = new DataLoader(
      async (keys) => {
        const found = await Promise.all(keys.map(({ account, first }) => contactsOf(client, account, first)));
        return Promise.all(found.map((positions) => this.entities.loadMany(positions.map(idOf))));
      },
      { cacheKeyFn: ({ account, first }) => `${account}:${first}` },
    );
  }

  /** A page of all accounts by name, and whether another follows. */
  async accountsByName(first, after) {
    const from = after ? `(${Buffer.from(after, "base64url").toString().slice(1)}` : "-";
    const positions = await this.client.zRange(`${root}by-name:ACCOUNT`, from, "+", { BY: "LEX", LIMIT: { offset: 0, count: first + 1 } });
    const shown = positions.slice(0, first);
    const last = shown.at(-1);
    return {
      nodes: (await this.entities.loadMany(shown.map(idOf))).filter((one) => one !== null),
      pageInfo: { hasNextPage: positions.length > first, endCursor: last ? Buffer.from(`n${last}`).toString("base64url") : null },
    };
  }

  /** Accounts whose name begins so, by name. Names stand in their index as lists compare them. */
  async accountsNamed(prefix, first) {
    const max = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.from([0xff])]);
    const positions = await this.client.zRange(`${root}by-name:ACCOUNT`, `[${prefix}`, max, { BY: "LEX", LIMIT: { offset: 0, count: first + 1 } });
    return {
      nodes: (await this.entities.loadMany(positions.slice(0, first).map(idOf))).filter((one) => one !== null),
      pageInfo: { hasNextPage: positions.length > first, endCursor: null },
    };
  }
}

function contactsOf(client, account, first) {
  const key = `${root}term:CONTACT:accountId`;
  return client.zRange(key, `[${account}\0`, `(${account}\u0001`, { BY: "LEX", LIMIT: { offset: 0, count: first } });
}

const parsed = (text) => (text === null ? null : entity(unpackEntity(text)));

/** As the schema has it, so that no field needs a resolver but those that read. */
function entity(document) {
  const { fields, records } = document;
  return {
    __typename: document.type === "ACCOUNT" ? "Account" : "Contact",
    id: document.id,
    customcrmId: records.CUSTOMCRM,
    exactId: records.EXACT,
    modifiedAt: document.modifiedAt,
    name: fields.name,
    fullName: fields.name ?? [fields.firstName, fields.lastName].filter(Boolean).join(" "),
    email: fields.email,
    phone: fields.phone,
    website: fields.website,
    addressLine1: fields.addressLine1,
    postcode: fields.postcode,
    city: fields.city,
    country: fields.country,
    vatNumber: fields.vatNumber,
    chamberOfCommerce: fields.chamberOfCommerce,
    jobTitle: fields.jobTitle,
    link: document,
  };
}

/** What `shown` makes of the properties of a snapshot, `<ticket> <asOf> <deletedAt or -> <record>`. */
function snapshot(type, id, text, shown) {
  if (text === null) return null;
  const asOf = text.indexOf(" ") + 1;
  const deletedAt = text.indexOf(" ", asOf) + 1;
  const record = text.indexOf(" ", deletedAt) + 1;
  if (text[deletedAt] !== "-") return null;
  const { modifiedAt, properties } = unpackRecord({ type, id }, text.slice(record));
  return { recordId: id, asOf: text.slice(asOf, deletedAt - 1), modifiedAt, ...shown(properties) };
}

function customer(id, text) {
  return snapshot("Customer", id, text, (has) => ({
    name: has.Name,
    email: has.Email,
    phone: has.Phone,
    streetAddress1: has.StreetAddress1,
    zipCode: has.ZipCode,
    city: has.City,
    country: has.Country,
    vatNumber: has.VatNumber,
    organisationNumber: has.OrganisationNumber,
  }));
}

function exactAccount(id, text) {
  return snapshot("Accounts", id, text, (has) => ({
    code: has.Code,
    name: has.Name,
    email: has.Email,
    phone: has.Phone,
    addressLine1: has.AddressLine1,
    postcode: has.Postcode,
    city: has.City,
    country: has.Country,
    vatNumber: has.VATNumber,
    status: has.Status,
  }));
}
