import { FieldResolver, Query, Resolver, Root } from "type-graphql";
import { dataTypeOf } from "../domain/data-types.js";
import type { Dataflow as DataflowTable } from "../domain/dataflow.js";
import type { Problem as ProblemOfEntity } from "../domain/entity.js";
import { Dataflow, LinkCounts } from "../schema/dataflow.type.js";
import { Problem } from "../schema/problem.type.js";
import { ruleSentence } from "./dataflow-rule.js";
import type { ResolverParts } from "./parts.js";

@Resolver(() => Dataflow)
export class DataflowResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  @Query(() => [Dataflow], { description: "What is kept in step with what, and by which rules: the table that the sync itself works by." })
  dataflows(): Dataflow[] {
    return this.#parts.settings.flows.map((flow, _i, flows) => dataflowObject(flow, flows));
  }

  @FieldResolver(() => LinkCounts, { description: "How many entities have their link in each state." })
  counts(@Root() { type }: Dataflow): Promise<LinkCounts> {
    return this.#parts.store.entities
      .counts(type)
      .then((counts) => Object.fromEntries(Object.entries(counts).map(([state, count]) => [state.toLowerCase(), count])) as unknown as LinkCounts);
  }

  @FieldResolver(() => Problem, { nullable: true, description: "Why nothing is written for it now; null while it runs." })
  async paused(@Root() { type }: Dataflow): Promise<ProblemOfEntity | null> {
    return (await this.#parts.pausedProblem?.(type)) ?? null;
  }
}

export const dataflowObject = (flow: DataflowTable, flows: readonly DataflowTable[]): Dataflow => ({
  type: flow.type,
  customcrmType: flow.customcrm,
  exactType: flow.exact,
  rule: ruleSentence(flow, flows),
  remark: flow.remark ?? null,
  match: flow.match,
  deletePolicy: flow.onDelete,
  properties: flow.rows.map((row) => ({
    field: row.field,
    customcrmProperty: row.customcrm,
    exactProperty: row.exact,
    exactDataType: dataTypeOf(flow, row, "EXACT"),
    direction: row.direction,
    conflictPolicy: row.policy,
  })),
});
