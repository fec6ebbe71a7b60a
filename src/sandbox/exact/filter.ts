import type { Comparison, Expression, Value } from "./filter-parser.js";
import { guidSortKey } from "./guid-order.js";
import type { Cell, RowView } from "./types.js";

/** Whether a row fits. As in SQL, what is null neither equals nor differs from a value. */
export function fits(row: RowView, expression: Expression): boolean {
  switch (expression.kind) {
    case "and":
      return fits(row, expression.left) && fits(row, expression.right);
    case "or":
      return fits(row, expression.left) || fits(row, expression.right);
    case "test":
      return evaluate(row, expression.value) === true;
    case "compare":
      return compare(evaluate(row, expression.left), evaluate(row, expression.right), expression);
  }
}

function evaluate(row: RowView, value: Value): Cell {
  if (value.kind === "literal") return value.value;
  if (value.kind === "property") return row.cell(value.name);
  const [first, second] = value.parts.map((part) => evaluate(row, part));
  if (first === null || first === undefined || second === null) return null;
  if (value.name === "trim") return String(first).trim();
  const [sought, text] = value.name === "substringof" ? [folded(first), folded(second)] : [folded(second), folded(first)];
  return value.name === "substringof" ? text.includes(sought) : text.startsWith(sought);
}

function compare(left: Cell, right: Cell, { operator, left: from, right: to }: { operator: Comparison; left: Value; right: Value }): boolean {
  if (from.type === "Null" || to.type === "Null") return (operator === "eq") === (left === right);
  if (left === null || right === null) return false;
  const order = orderOf(sortKey(left, from.type), sortKey(right, to.type));
  switch (operator) {
    case "eq":
      return order === 0;
    case "ne":
      return order !== 0;
    case "gt":
      return order > 0;
    case "ge":
      return order >= 0;
    case "lt":
      return order < 0;
    case "le":
      return order <= 0;
  }
}

/** The ids that a row must have one of to fit; null: any may fit. Spares looking at all rows for a few. */
export function idsOf(expression: Expression): Set<string> | null {
  if (expression.kind === "test") return null;
  if (expression.kind === "compare") {
    const { operator, left, right } = expression;
    const isKey = operator === "eq" && left.kind === "property" && left.name === "ID" && right.kind === "literal" && typeof right.value === "string";
    return isKey ? new Set([right.value as string]) : null;
  }
  const [left, right] = [idsOf(expression.left), idsOf(expression.right)];
  if (expression.kind === "and") return left ?? right;
  return left && right && new Set([...left, ...right]);
}

/** A value as the database sorts it: texts blind to case and to spaces at the end, guids by their bytes. */
export function sortKey(cell: Cell, type: string): Cell {
  if (typeof cell !== "string") return cell;
  return type === "Guid" ? guidSortKey(cell) : folded(cell).trimEnd();
}

/** The order of two sort keys of one type; nulls come first. */
export function orderOf(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

const folded = (value: Cell | undefined): string => String(value ?? "").toLowerCase();
