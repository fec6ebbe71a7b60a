import { customcrmProperties } from "../../domain/customcrm-properties.js";
import type { CustomcrmType } from "../../domain/words.js";
import { ControlError, type FieldFace, type RecordDesk, type RecordType, type Row } from "../kit/index.js";
import type { CustomcrmCore } from "./core.js";
import { shown } from "./routes.js";
import type { CustomcrmSettings } from "./settings.js";
import type { StoredRecord } from "./state.js";

/** A person who works in the CRM: the same rules, other hands. `core` is asked each time, as a reset puts another one there. */
export function deskOf(core: () => CustomcrmCore, settings: () => CustomcrmSettings): RecordDesk {
  const row = (record: StoredRecord): Row => ({ ...shown(record, settings()), ...(record.type !== "Customer" && { Customer: customerName(core(), record) }) });
  return {
    types: () => recordTypes,
    list(type, { q, limit, offset }) {
      const wanted = q.trim().toLowerCase();
      const rows = core()
        .all(typeOf(type))
        .toSorted((a, b) => b.modifiedAt - a.modifiedAt || (a.id < b.id ? -1 : 1))
        .map(row)
        .filter(
          (each) =>
            wanted === "" ||
            Object.values(each).some((value) =>
              String(value ?? "")
                .toLowerCase()
                .includes(wanted),
            ),
        );
      return { total: rows.length, rows: rows.slice(offset, offset + limit) };
    },
    create: (type, values) => row(core().create(typeOf(type), withCustomer(core(), values))),
    update: (type, id, values) => row(core().patch(typeOf(type), id, withCustomer(core(), values))),
    remove: (type, id) => core().remove(typeOf(type), id),
  };
}

const stamps: readonly FieldFace[] = ["Id", "ETag", "CreatedAt", "ModifiedAt"].map((name) => ({ name, input: "text", readOnly: true }));

const recordTypes: readonly RecordType[] = [
  { name: "Customer", columns: ["Name", "ZipCode", "City", "Country", "Email", "Phone", "ModifiedAt"] },
  { name: "Contact", columns: ["FirstName", "LastName", "Customer", "JobTitle", "Email", "Phone", "ModifiedAt"] },
  { name: "Product", columns: ["Name", "Number", "Customer", "Description", "ModifiedAt"] },
].map(({ name, columns }) => ({
  name,
  columns,
  key: "Id",
  fields: [...Object.entries(customcrmProperties[name as CustomcrmType]).map(([property, { kind }]) => face(property, kind)), ...stamps],
}));

function face(name: string, kind: string): FieldFace {
  return { name, input: name === "Description" ? "long" : kind === "date" ? "date" : "text", main: name !== "ExternalId" };
}

function typeOf(name: string): CustomcrmType {
  const type = recordTypes.find((each) => each.name === name);
  if (!type) throw new ControlError(404, `There is no type '${name}' here.`);
  return type.name as CustomcrmType;
}

function customerName(core: CustomcrmCore, record: StoredRecord): string | null {
  const id = record.values.CustomerId ?? null;
  return id === null ? null : (core.find("Customer", id)?.values.Name ?? null);
}

/** People know a customer by its name: one that is a single customer's stands for its Id. */
function withCustomer(core: CustomcrmCore, values: Row): Row {
  const given = values.CustomerId;
  if (typeof given !== "string" || given === "" || core.find("Customer", given)) return values;
  const named = core.all("Customer").filter((customer) => customer.values.Name === given);
  return named[0] && named.length === 1 ? { ...values, CustomerId: named[0].id } : values;
}
