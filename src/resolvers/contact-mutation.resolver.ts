import { Arg, Ctx, Mutation, Resolver } from "type-graphql";
import { Contact } from "../schema/contact.type.js";
import { CreateContactInput, DeleteInput, UpdateContactInput } from "../schema/entity-mutation.input.js";
import { ContactPayload, DeletePayload } from "../schema/entity-payload.type.js";
import type { RequestContext } from "./context.js";
import type { ContactObject } from "./entity-objects.js";
import type { EntityWriting, Written } from "./entity-writing.js";

@Resolver(() => Contact)
export class ContactMutationResolver {
  readonly #writing: EntityWriting;

  constructor(writing: EntityWriting) {
    this.#writing = writing;
  }

  @Mutation(() => ContactPayload, {
    description: "Creates a contact in Exact and then in Customcrm. A system in which its account has no record yet waits for that one.",
  })
  async createContact(@Arg("input", () => CreateContactInput) input: CreateContactInput, @Ctx() context: RequestContext): Promise<ContactPayload> {
    return payload(await this.#writing.create(context, "CONTACT", input));
  }

  @Mutation(() => ContactPayload, { description: "Changes a contact in both systems, or in the one that has it." })
  async updateContact(@Arg("input", () => UpdateContactInput) input: UpdateContactInput, @Ctx() context: RequestContext): Promise<ContactPayload> {
    return payload(await this.#writing.update(context, "CONTACT", input));
  }

  @Mutation(() => DeletePayload, { description: "Deletes a contact in Exact and then in Customcrm." })
  deleteContact(@Arg("input", () => DeleteInput) input: DeleteInput, @Ctx() context: RequestContext): Promise<DeletePayload> {
    return this.#writing.remove(context, "CONTACT", input);
  }
}

const payload = ({ entity, ...written }: Written): ContactPayload => ({ ...written, contact: entity as ContactObject | null });
