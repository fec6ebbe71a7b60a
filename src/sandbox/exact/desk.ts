import { ControlError, type FieldFace, type RecordDesk, type RecordType, type Row } from "../kit/index.js";
import type { ExactCore } from "./core.js";
import { isInstant, isWritable, properties } from "./properties.js";
import { viewOf } from "./record-resources.js";
import { newest } from "./record-table.js";
import { type Cell, type Cells, isRecordKind, type RecordKind, type RowView, recordKinds } from "./types.js";

const columns: Readonly<Record<RecordKind, readonly string[]>> = {
  Accounts: ["Code", "Name", "Email", "Phone", "City", "Country", "Modified"],
  Contacts: ["FullName", "AccountName", "Email", "Phone", "JobTitleDescription", "Modified"],
  Items: ["Code", "Description", "IsSalesItem", "Modified"],
};

const main: Readonly<Record<RecordKind, readonly string[]>> = {
  Accounts: [
    ...["Name", "Status", "Email", "Phone", "Fax", "Website", "AddressLine1", "AddressLine2", "Postcode", "City", "Country", "VATNumber", "ChamberOfCommerce"],
    ...["MainContact", "Blocked", "EndDate", "Remarks", "ID", "Code", "Created", "Modified"],
  ],
  Contacts: [
    ...["FirstName", "MiddleName", "LastName", "Account", "Email", "Phone", "Mobile", "BirthDate", "JobTitleDescription", "Gender", "EndDate", "Notes"],
    ...["ID", "AccountName", "IsMainContact", "Created", "Modified"],
  ],
  Items: ["Code", "Description", "Notes", "IsSalesItem", "Unit", "StartDate", "EndDate", "ID", "Created", "Modified"],
};

/** Exact's own screens: records as a bookkeeper sees and edits them. */
export function deskOf(core: ExactCore): RecordDesk {
  return {
    types: () => recordKinds.map(typeOf),
    list(type, { q, limit, offset }) {
      const kind = kindOf(type);
      const sought = q.trim().toLowerCase();
      const found = [...core.table(kind).all()]
        .map((record) => viewOf(core, kind, record.id, newest(record)))
        .filter((view) => !sought || holds(view, kind, sought));
      found.sort((a, b) => Number(b.cell("Modified")) - Number(a.cell("Modified")) || (a.id < b.id ? -1 : 1));
      return { total: found.length, rows: found.slice(offset, offset + limit).map((view) => shown(view, kind)) };
    },
    create: (type, values) => rowOf(core, kindOf(type), core.create(kindOf(type), asBody(values, kindOf(type)))),
    update(type, id, values) {
      core.edit(kindOf(type), known(core, kindOf(type), id), asBody(values, kindOf(type)));
      return rowOf(core, kindOf(type), id);
    },
    remove: (type, id) => core.remove(kindOf(type), known(core, kindOf(type), id)),
  };
}

function typeOf(kind: RecordKind): RecordType {
  const isOffered = (name: string) => !["Collection", "Binary"].includes(properties[kind][name]?.edm ?? "");
  const rest = Object.keys(properties[kind]).filter((name) => !main[kind].includes(name));
  return { name: kind, key: "ID", columns: columns[kind], fields: [...main[kind], ...rest].filter(isOffered).map((name) => fieldOf(kind, name)) };
}

function fieldOf(kind: RecordKind, name: string): FieldFace {
  // Aliases overwrite what they stand for, and a code can't be given again: a person edits neither.
  const isFixed = (kind !== "Items" && name === "Code") || ["ID", "BirthName", "BirthNamePrefix", "BusinessEmail"].includes(name);
  return { name, input: inputOf(kind, name), readOnly: isFixed || !isWritable(kind, name, "update"), main: main[kind].includes(name) };
}

function inputOf(kind: RecordKind, name: string): FieldFace["input"] {
  if (name === "Remarks" || name === "Notes" || name === "MarketingNotes") return "long";
  const edm = properties[kind][name]?.edm;
  if (edm === "Boolean") return "boolean";
  if (edm === "DateTime") return isInstant(name) ? "text" : "date";
  return edm === "String" || edm === "Guid" ? "text" : "number";
}

/** What is searched is what the table shows. */
function holds(view: RowView, kind: RecordKind, sought: string): boolean {
  return [...columns[kind], "ID"].some((name) =>
    String(view.cell(name) ?? "")
      .toLowerCase()
      .includes(sought),
  );
}

function shown(view: RowView, kind: RecordKind): Row {
  return Object.fromEntries(Object.keys(properties[kind]).map((name) => [name, forPerson(name, view.cell(name), kind)]));
}

function forPerson(name: string, cell: Cell, kind: RecordKind): Cell {
  if (typeof cell === "string") return cell.trim();
  if (cell === null || properties[kind][name]?.edm !== "DateTime") return cell;
  const text = new Date(Number(cell)).toISOString();
  return isInstant(name) ? text.slice(0, 19).replace("T", " ") : text.slice(0, 10);
}

/** What a form sends is what the API would take; only the ends of texts are cleaned. */
function asBody(values: Row, kind: RecordKind): Cells {
  const known = Object.entries(values).map(([name, value]) => {
    const isText = typeof value === "string" && properties[kind][name]?.edm !== "Guid";
    return [name, isText ? value.trimEnd() : value] as const;
  });
  return Object.fromEntries(known) as Cells;
}

function rowOf(core: ExactCore, kind: RecordKind, id: string): Row {
  const record = core.table(kind).record(id);
  if (!record) throw new ControlError(404, `There is no ${kind} ${id}.`);
  return shown(viewOf(core, kind, id, newest(record)), kind);
}

function known(core: ExactCore, kind: RecordKind, id: string): string {
  if (!core.table(kind).has(id)) throw new ControlError(404, `There is no ${kind} ${id}.`);
  return id;
}

function kindOf(type: string): RecordKind {
  if (isRecordKind(type)) return type;
  throw new ControlError(404, `There are no records of type '${type}'.`);
}
