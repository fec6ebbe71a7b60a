import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { Account } from "../schema/account.type.js";
import { CreateAccountInput, DeleteInput, UpdateAccountInput } from "../schema/entity-mutation.input.js";
import { AccountPayload, DeletePayload } from "../schema/entity-payload.type.js";
import type { RequestContext } from "./context.js";
import type { AccountObject } from "./entity-objects.js";
import type { EntityWriting, Written } from "./entity-writing.js";

@Resolver(() => Account)
export class AccountMutationResolver {
  readonly #writing: EntityWriting;

  constructor(writing: EntityWriting) {
    this.#writing = writing;
  }

  @Mutation(() => AccountPayload, {
    description: "Creates an account in Exact and then in Customcrm. Refused as DUPLICATE if one of either system matches it.",
  })
  async createAccount(@Arg("input", () => CreateAccountInput) input: CreateAccountInput, @Ctx() context: RequestContext): Promise<AccountPayload> {
    return payload(await this.#writing.create(context, "ACCOUNT", input));
  }

  @Mutation(() => AccountPayload, { description: "Changes an account in both systems, or in the one that has it." })
  async updateAccount(@Arg("input", () => UpdateAccountInput) input: UpdateAccountInput, @Ctx() context: RequestContext): Promise<AccountPayload> {
    return payload(await this.#writing.update(context, "ACCOUNT", input));
  }

  @Mutation(() => DeletePayload, {
    description: "Deletes an account in Exact and then in Customcrm. Refused as REFERENCED while contacts or products belong to it.",
  })
  deleteAccount(@Arg("input", () => DeleteInput) input: DeleteInput, @Ctx() context: RequestContext): Promise<DeletePayload> {
    return this.#writing.remove(context, "ACCOUNT", input);
  }
}

const payload = ({ entity, ...written }: Written): AccountPayload => ({ ...written, account: entity as AccountObject | null });
