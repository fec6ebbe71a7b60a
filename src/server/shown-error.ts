import { GraphQLError, type GraphQLFormattedError } from "graphql";

/** An error as it is shown to the client already, for libraries that only take GraphQL's own class. */
export class ShownError extends GraphQLError {
  readonly #shown: GraphQLFormattedError;

  constructor(shown: GraphQLFormattedError) {
    super(shown.message, { extensions: { ...shown.extensions } });
    this.#shown = shown;
  }

  override toJSON(): GraphQLFormattedError {
    return this.#shown;
  }
}
