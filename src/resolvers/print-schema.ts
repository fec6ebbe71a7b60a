import { getDocumentNodeFromSchema } from "@graphql-tools/utils";
import { type DefinitionNode, type GraphQLSchema, lexicographicSortSchema, print } from "graphql";

/**
 * The served schema as text: sorted, so that a change of it shows as what it is. What `@link` brings in (the directives of the
 * federation and their types) is left out, as in the SDL that a router reads.
 */
export function printTandemSchema(schema: GraphQLSchema): string {
  const document = getDocumentNodeFromSchema(lexicographicSortSchema(schema));
  return `${document.definitions
    .filter((definition) => !isLinked(definition))
    .map(print)
    .join("\n\n")}\n`;
}

const isLinked = (definition: DefinitionNode): boolean =>
  "name" in definition && definition.name !== undefined && /^(federation__|link__|link$|key$|shareable$)/.test(definition.name.value);
