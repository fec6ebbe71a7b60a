import { Arg, Ctx, ID, Int, Mutation, Resolver } from "type-graphql";
import { InvalidInputError } from "../domain/errors.js";
import { limits } from "../domain/limits.js";
import { type EntityType as EntityTypeWord, entityTypes, type System as SystemWord } from "../domain/words.js";
import { EntityType, System } from "../schema/enums.js";
import { ChooseMatchInput, LinkRecordsInput, ResolveConflictInput } from "../schema/link.input.js";
import { Link } from "../schema/link.type.js";
import { LinkPayload } from "../schema/operator-payloads.type.js";
import type { Actions, ConflictChoice, MatchChoice, Outcome } from "../sync/actions.js";
import { checkIds } from "./arguments.js";
import type { RequestContext } from "./context.js";
import { linkObject, storedView } from "./entity-objects.js";
import type { ResolverParts } from "./parts.js";

@Resolver(() => Link)
export class LinkMutationResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  @Mutation(() => LinkPayload, { description: "Reads both records now and settles them." })
  async syncEntity(@Arg("id", () => ID) id: string): Promise<LinkPayload> {
    return payload(await this.#actions.syncEntity(id));
  }

  @Mutation(() => LinkPayload, { description: "Links two records by hand, whatever matching thinks of them." })
  async linkRecords(@Arg("input", () => LinkRecordsInput) input: LinkRecordsInput, @Ctx() { caller }: RequestContext): Promise<LinkPayload> {
    return payload(await this.#actions.linkRecords(input, caller));
  }

  @Mutation(() => LinkPayload, { description: "Cuts a link. Both records stay, are left alone, and are never proposed to each other again." })
  async unlink(@Arg("id", () => ID) id: string, @Ctx() { caller }: RequestContext): Promise<LinkPayload> {
    return payload(await this.#actions.unlink(id, caller));
  }

  @Mutation(() => LinkPayload, { description: "Ends a REVIEW, or gives a detached record a counterpart." })
  async chooseMatch(@Arg("input", () => ChooseMatchInput) { id, choice }: ChooseMatchInput, @Ctx() { caller }: RequestContext): Promise<LinkPayload> {
    return payload(await this.#actions.chooseMatch(id, matchChoice(choice), caller));
  }

  @Mutation(() => LinkPayload, { description: "Ends a conflict in one field." })
  async resolveConflict(
    @Arg("input", () => ResolveConflictInput) { id, field, take }: ResolveConflictInput,
    @Ctx() { caller }: RequestContext,
  ): Promise<LinkPayload> {
    return payload(await this.#actions.resolveConflict(id, field, conflictChoice(take), caller));
  }

  @Mutation(() => Int, { description: "Takes one side's value in all conflicts that wait and fit; gives how many links that were." })
  resolveConflicts(
    @Arg("types", () => [EntityType], { nullable: true, description: "Left out: all types." }) types: EntityTypeWord[] | null | undefined,
    @Arg("field", () => String, { nullable: true, description: "Left out: all fields." }) field: string | null | undefined,
    @Arg("take", () => System) take: SystemWord,
    @Ctx() { caller }: RequestContext,
  ): Promise<number> {
    return this.#actions.resolveConflicts(types ?? entityTypes, field ?? null, take, caller);
  }

  @Mutation(() => [LinkPayload], {
    description: "Tries again now what failed; what is detached gets a new counterpart. One answer for each id, in their order.",
  })
  async retry(@Arg("ids", () => [ID]) ids: string[], @Ctx() { caller }: RequestContext): Promise<LinkPayload[]> {
    checkIds(ids, limits.list.maxNodes, " retryAll takes any number.");
    return (await this.#actions.retry(ids, caller)).map(payload);
  }

  @Mutation(() => Int, {
    description:
      "Tries again all that have FAILED; gives how many. A `code` narrows that to one problem; the code of a detachment, such as DELETED_ELSEWHERE, means the detached ones with it.",
  })
  retryAll(
    @Arg("types", () => [EntityType], { nullable: true, description: "Left out: all types." }) types: EntityTypeWord[] | null | undefined,
    @Arg("code", () => String, { nullable: true, description: "The problem's code." }) code: string | null | undefined,
    @Ctx() { caller }: RequestContext,
  ): Promise<number> {
    return this.#actions.retryAll(types ?? entityTypes, code ?? null, caller);
  }

  @Mutation(() => LinkPayload, { description: "Makes the values win that lost in one event of a link's history." })
  async takeBack(
    @Arg("eventId", () => ID) eventId: string,
    @Arg("fields", () => [String], { nullable: true, description: "Only these; left out: all that lost in it." }) fields: string[] | null | undefined,
    @Ctx() { caller }: RequestContext,
  ): Promise<LinkPayload> {
    return payload(await this.#actions.takeBack(eventId, fields ?? null, caller));
  }

  get #actions(): Actions {
    if (!this.#parts.actions) throw new Error("This gateway was built without actions.");
    return this.#parts.actions;
  }
}

const payload = ({ entity, userErrors }: Outcome): LinkPayload => ({ link: entity && linkObject(storedView(entity)), userErrors });

function matchChoice({ recordId, action }: ChooseMatchInput["choice"]): MatchChoice {
  if (typeof recordId === "string") return { recordId };
  if (action) return { action };
  throw new InvalidInputError("`choice` takes exactly one of recordId, action; got none.");
}

function conflictChoice({ system, set }: ResolveConflictInput["take"]): ConflictChoice {
  if (system) return { system };
  if (set) return { set: set.value ?? null };
  throw new InvalidInputError("`take` takes exactly one of system, set; got none.");
}
