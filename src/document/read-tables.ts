import type { EntityType } from "../domain/words.js";
import { entityTypes } from "../domain/words.js";
import type { Override, PropertyPairs, RowDetails, SectionRow } from "./model.js";
import { DocumentError, type LocatedBlock } from "./read-rst.js";
import { directionWords, headers, kindWords, meaning, originWords, policyWords } from "./words.js";

type Table = LocatedBlock & { readonly kind: "table" };

export const matchesOf = (table: Table): readonly PropertyPairs[] =>
  cellsOf(table, 2).map(([source = "", target = ""]) => ({ source: source.split(" and "), target: target.split(" and ") }));

export const overridesIn = (table: Table): readonly Override[] =>
  cellsOf(table, 3).map(([setting = "", shipped = "", here = ""]) => ({ setting, shipped, here }));

/** Three columns in the originals; ours say more in the columns after them. */
export function rowsOf(table: Table): readonly SectionRow[] {
  const isOurs = table.header.includes(headers.field);
  return cellsOf(table, isOurs ? 8 : 3).map(([source = "", target = "", dataType = "", ...own]) => ({
    source,
    target,
    dataType,
    own: isOurs && own.some((cell) => cell !== "") ? detailsOf(own, table.line) : null,
  }));
}

function detailsOf([field = "", holds = "", direction = "", conflict = "", origin = ""]: readonly string[], line: number): RowDetails {
  const known = <T>(value: T | undefined, cell: string): T => {
    if (value === undefined) throw new DocumentError(line, `in the row of "${field}" of this table, "${cell}" has no meaning.`);
    return value;
  };
  const reference = /^reference to an? (\w+)$/.exec(holds)?.[1]?.toUpperCase();
  const [, policy = "", group = null] = /^(.*?)(?:, the (\w+) as a whole)?$/.exec(conflict) ?? [];
  return {
    field,
    kind: reference === undefined ? known(meaning(kindWords, holds), holds) : "reference",
    refersTo:
      reference === undefined
        ? null
        : known<EntityType>(
            entityTypes.find((type) => type === reference),
            holds,
          ),
    direction: known(meaning(directionWords, direction), direction),
    policy: known(meaning(policyWords, policy), conflict),
    group,
    attested: known(meaning(originWords, origin), origin),
  };
}

function cellsOf(table: Table, columns: number): readonly (readonly string[])[] {
  if (table.header.length !== columns) throw new DocumentError(table.line, `expected a table of ${columns} columns; it has ${table.header.length}.`);
  return table.rows;
}
