import { Arg, Mutation, Resolver } from "type-graphql";
import { dataflowOf } from "../domain/dataflow.js";
import type { EntityType as EntityTypeWord } from "../domain/words.js";
import { Dataflow } from "../schema/dataflow.type.js";
import { EntityType, HeldWork } from "../schema/enums.js";
import { DataflowPayload } from "../schema/operator-payloads.type.js";
import type { Actions, HeldWork as HeldWorkWord } from "../sync/actions.js";
import { dataflowObject } from "./dataflow.resolver.js";
import type { ResolverParts } from "./parts.js";

@Resolver(() => Dataflow)
export class DataflowMutationResolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  @Mutation(() => DataflowPayload, {
    description: "Stops all writing for a dataflow, but what mutations update. Changes are still read, and wait as PENDING with the problem PAUSED.",
  })
  async pauseDataflow(
    @Arg("type", () => EntityType) type: EntityTypeWord,
    @Arg("reason", () => String, { description: "For whoever asks why nothing is written." }) reason: string,
  ): Promise<DataflowPayload> {
    if (reason.trim() === "") {
      const error = { code: "INVALID" as const, message: "Say why, for whoever asks.", field: ["reason"], system: null, retryAt: null };
      return { dataflow: this.#dataflow(type), userErrors: [error] };
    }
    await this.#actions.pauseDataflow(type, reason.trim());
    return { dataflow: this.#dataflow(type), userErrors: [] };
  }

  @Mutation(() => DataflowPayload, {
    description: "Lets a dataflow write: after a pause, after a guard, or for the first time. What had waited starts at once.",
  })
  async resumeDataflow(
    @Arg("type", () => EntityType) type: EntityTypeWord,
    @Arg("held", () => HeldWork, { nullable: true, defaultValue: "APPLY" }) held: HeldWorkWord | null,
  ): Promise<DataflowPayload> {
    await this.#actions.resumeDataflow(type, held ?? "APPLY");
    return { dataflow: this.#dataflow(type), userErrors: [] };
  }

  #dataflow(type: EntityTypeWord): Dataflow {
    const { flows } = this.#parts.settings;
    return dataflowObject(dataflowOf(flows, type), flows);
  }

  get #actions(): Actions {
    if (!this.#parts.actions) throw new Error("This gateway was built without actions.");
    return this.#parts.actions;
  }
}
