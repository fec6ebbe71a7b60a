import fc from "fast-check";
import { expect, it } from "vitest";
import { recordProperties } from "../../src/connectors/exact/properties.js";
import { customcrmProperties } from "../../src/domain/customcrm-properties.js";
import { dataflows, retargets } from "../../src/domain/dataflow.js";
import type { Entity } from "../../src/domain/entity.js";
import { letterOf } from "../../src/store/redis/packed-names.js";
import { packEntity, packRecord, unpackEntity, unpackRecord } from "../../src/store/redis/packing.js";
import { entity, record } from "../contracts/store-samples.js";

const fields = { name: "Acme", city: null, account: "acc_1" };
const linked = entity("acc_1", {
  records: { CUSTOMCRM: "cus_1", EXACT: "guid" },
  state: "LINKED",
  fields,
  shadows: { CUSTOMCRM: { ...fields, account: "cus_9" }, EXACT: fields },
  overruled: [],
  externalIdOwed: false,
  fieldVersions: { city: 3 },
});

it("gives entities back as they were", () => {
  const value = fc.option(fc.string(), { nil: null });
  const some = fc.dictionary(fc.oneof(fc.constantFrom("name", "city", "account", "constructor", "__x"), fc.string()), value).map((one) => ({ ...one }));
  fc.assert(
    fc.property(some, fc.option(some, { nil: null }), fc.option(some, { nil: null }), fc.boolean(), (own, customcrm, exact, isOwed) => {
      const one: Entity = { ...linked, fields: own, shadows: { CUSTOMCRM: customcrm, EXACT: exact }, externalIdOwed: isOwed };
      expect(unpackEntity(packEntity(one))).toEqual(one);
      expect(unpackEntity(packEntity({ ...one, shadows: { CUSTOMCRM: { ...own, city: "x" }, EXACT: own } })).shadows).toEqual({
        CUSTOMCRM: { ...own, city: "x" },
        EXACT: own,
      });
    }),
  );
});

it("gives records back as they were, whatever their properties are called", () => {
  const properties = { Name: "Acme", Blocked: false, IsAnonymised: 0, EndDate: null, Code: "", IsMainContact: true };
  for (const one of [record("1", { properties, etag: '"2-x"' }), record("2", { properties: { ...properties, "Naam van klant": null } })])
    expect(unpackRecord({ system: "CUSTOMCRM", type: "Customer", id: one.id }, packRecord(one))).toEqual(one);
});

/** Packed by the first version that packs; changed only together with the number of the format. */
const kept =
  '[" #$%-&\'(-)-*-+-,~.~/~0~1234~5-6-7~:!<?","acc_1","ACCOUNT",0,["@A","cus_1","guid"],"LINKED",1,["B-GT","Acme","acc_1"],' +
  '"2026-01-01T00:00:00.000Z",[[["T","cus_9"]],[[""]]],{"city":3}]';

it("reads what an earlier build has packed", () => {
  expect(packEntity(linked)).toBe(kept);
  expect(unpackEntity(kept)).toEqual(linked);
});

it("has a letter for every field and every property that is kept", () => {
  const flows = [...dataflows, ...retargets];
  const used = [
    ...flows.flatMap(({ rows, externalId }) => [externalId, ...rows.map((row) => row.field)]),
    ...Object.values(recordProperties).flat(),
    ...Object.values(customcrmProperties).flatMap((properties) => Object.keys(properties)),
    ...Object.keys(linked),
  ];
  expect(used.filter((name) => letterOf(name) === undefined)).toEqual([]);
});
