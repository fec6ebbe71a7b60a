import { Arg, FieldResolver, ID, Int, Query, Resolver, Root } from "type-graphql";
import { InvalidInputError } from "../domain/errors.js";
import type { PlannedAction, PlannedActionKind as PlannedActionKindWord, Run } from "../domain/run.js";
import { PlannedActionConnection } from "../schema/connection.type.js";
import { PlannedActionKind } from "../schema/enums.js";
import { SyncRun } from "../schema/sync-run.type.js";
import { firstOf } from "./arguments.js";
import { type Page, pageOf } from "./connections.js";
import { about } from "./descriptions.js";
import type { ResolverParts } from "./parts.js";

/** How much of a plan is looked through at a time. */
const sliceSize = 500;

@Resolver(() => SyncRun)
export class SyncRunResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  @Query(() => SyncRun, { nullable: true, description: "A run by its id; null when there is none." })
  async syncRun(@Arg("id", () => ID) id: string): Promise<SyncRun | null> {
    const found = await this.#parts.store.documents.get<Run>("run", id);
    return found && runObject(found.value);
  }

  @Query(() => [SyncRun], { description: "The last runs, newest first." })
  async syncRuns(@Arg("first", () => Int, { nullable: true, defaultValue: 20, description: about.first }) first: number | null): Promise<SyncRun[]> {
    const found = await this.#parts.store.documents.list<Run>("run", firstOf(first, 20));
    return found.map(({ value }) => runObject(value));
  }

  @FieldResolver(() => PlannedActionConnection, { description: "What it does, or would do, entity by entity." })
  async plan(
    @Root() { id }: SyncRun,
    @Arg("first", () => Int, { nullable: true, defaultValue: 50, description: about.first }) first: number | null,
    @Arg("after", () => String, { nullable: true, description: about.after }) after: string | null | undefined,
    @Arg("actions", () => [PlannedActionKind], { nullable: true, description: "Only these kinds. An empty list finds nothing." })
    actions: PlannedActionKindWord[] | null | undefined,
  ): Promise<Page<PlannedAction>> {
    const wanted = firstOf(first);
    const from = after ? positionOf(after) + 1 : 0;
    const isWanted = (action: PlannedAction) => !actions || actions.includes(action.kind);
    const found: { position: number; action: PlannedAction }[] = [];
    for await (const one of this.#actions(id, from)) {
      if (isWanted(one.action)) found.push(one);
      if (found.length > wanted) break;
    }
    const page = found.slice(0, wanted);
    return pageOf({
      nodes: page.map(({ action }) => action),
      cursors: page.map(({ position }) => cursorOf(position)),
      hasNextPage: found.length > wanted,
      hasPreviousPage: from > 0,
      count: () => this.#count(id, actions ? isWanted : null),
    });
  }

  async #count(id: string, isWanted: ((action: PlannedAction) => boolean) | null): Promise<number> {
    if (!isWanted) return (await this.#parts.store.documents.slice("plan", id, 0, 1)).total;
    let count = 0;
    for await (const { action } of this.#actions(id, 0)) if (isWanted(action)) count++;
    return count;
  }

  async *#actions(id: string, from: number): AsyncIterable<{ readonly position: number; readonly action: PlannedAction }> {
    for (let position = from; ; ) {
      const { items, total } = await this.#parts.store.documents.slice<PlannedAction>("plan", id, position, sliceSize);
      for (const action of items) yield { position: position++, action };
      if (items.length === 0 || position >= total) return;
    }
  }
}

const cursorOf = (position: number): string => Buffer.from(`p${position}`).toString("base64url");

function positionOf(cursor: string): number {
  const text = Buffer.from(cursor, "base64url").toString();
  if (!/^p\d{1,9}$/.test(text)) throw new InvalidInputError("`after` must be a cursor of this plan. What was given is not.");
  return Number(text.slice(1));
}

/** A run as the API shows it. */
export const runObject = ({ cancelRequested: _, ...run }: Run): SyncRun => ({
  ...run,
  problem: run.problem && { ...run.problem, system: null, field: null, attempts: 0, nextAttemptAt: null },
});
