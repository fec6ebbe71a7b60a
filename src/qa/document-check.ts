import { type Dataflow, dataflowOf } from "../domain/dataflow.js";
import type { Finding } from "./bench.js";

/** That the table which runs is the one that the document states, section by section; a text names the first difference. */
export function documentFinding(agreed: Dataflow, flows: readonly Dataflow[]): Finding {
  const running = dataflowOf(flows, agreed.type);
  for (const key of ["create", "match", "onDelete", "exactDefaults", "externalId"] as const) {
    const [said, does] = [JSON.stringify(agreed[key]), JSON.stringify(running[key])];
    if (said !== does) return `the document says ${key} ${said}, the running table ${does}`;
  }
  const fields = [...new Set([...agreed.rows, ...running.rows].map((row) => row.field))];
  for (const field of fields) {
    const [said, does] = [rowText(agreed, field), rowText(running, field)];
    if (said !== does) return `the document says of ${field}: ${said}; the running table: ${does}`;
  }
  return null;
}

/** That two tables ask the same of the sync. */
export const saysTheSame = (agreed: readonly Dataflow[], flows: readonly Dataflow[]): boolean =>
  agreed.length === flows.length && agreed.every((flow) => documentFinding(flow, flows) === null);

function rowText(flow: Dataflow, field: string): string {
  const row = flow.rows.find((one) => one.field === field);
  if (!row) return "nothing";
  return [`${row.customcrm} ⇄ ${row.exact}`, row.kind, row.direction, row.policy, row.group ?? "", row.refersTo ?? ""].filter((word) => word !== "").join(", ");
}
