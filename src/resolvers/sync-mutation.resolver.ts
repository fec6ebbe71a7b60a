import { Arg, ID, Mutation, Resolver } from "type-graphql";
import type { UserError } from "../domain/operation.js";
import { SyncPayload } from "../schema/operator-payloads.type.js";
import { SyncInput } from "../schema/sync.input.js";
import { SyncRun } from "../schema/sync-run.type.js";
import type { Runs } from "../sync/runs.js";
import type { ResolverParts } from "./parts.js";
import { runObject } from "./sync-run.resolver.js";

@Resolver(() => SyncRun)
export class SyncMutationResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  @Mutation(() => SyncPayload, { description: "Starts a run and returns at once." })
  async sync(@Arg("input", () => SyncInput) input: SyncInput): Promise<SyncPayload> {
    if (input.types?.length === 0) return refused("INVALID", "Name at least one type, or leave `types` out for all.", ["input", "types"]);
    return { run: runObject(await this.#runs.start(input)), userErrors: [] };
  }

  @Mutation(() => SyncPayload, {
    description:
      "Ends a run. What it has done stands; what nobody has begun with is not looked at any more, but for edits, which get across as ever. One that is over stays as it is.",
  })
  async cancelSync(@Arg("id", () => ID) id: string): Promise<SyncPayload> {
    const run = await this.#runs.cancel(id);
    return run ? { run: runObject(run), userErrors: [] } : refused("NOT_FOUND", `There is no run ${id}, or it is kept no longer.`, ["id"]);
  }

  get #runs(): Runs {
    if (!this.#parts.runs) throw new Error("This gateway was built without runs.");
    return this.#parts.runs;
  }
}

const refused = (code: UserError["code"], message: string, field: readonly string[]): SyncPayload => ({
  run: null,
  userErrors: [{ code, message, field, system: null, retryAt: null }],
});
