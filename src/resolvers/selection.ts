import {
  type DirectiveNode,
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
} from "graphql";

/** Whether a field below the one being resolved is asked for, by its path; fragments, @skip and @include are seen through. */
export function isSelected(info: GraphQLResolveInfo, ...path: readonly string[]): boolean {
  let level: readonly SelectionNode[] = info.fieldNodes.flatMap(below);
  return path.every((name, depth) => {
    const named = fieldsOf(level, info).filter((field) => field.name.value === name);
    if (depth < path.length - 1) level = named.flatMap(below);
    return named.length > 0;
  });
}

const below = (field: FieldNode): readonly SelectionNode[] => field.selectionSet?.selections ?? [];

function fieldsOf(selections: readonly SelectionNode[], info: GraphQLResolveInfo): readonly FieldNode[] {
  return selections.flatMap((selection): readonly FieldNode[] => {
    if (!isIncluded(selection, info)) return [];
    if (selection.kind === Kind.FIELD) return [selection];
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : info.fragments[selection.name.value];
    return fragment ? fieldsOf(fragment.selectionSet.selections, info) : [];
  });
}

function isIncluded(node: { readonly directives?: readonly DirectiveNode[] | undefined }, info: GraphQLResolveInfo): boolean {
  const directives = { directives: node.directives ?? [] };
  if (getDirectiveValues(GraphQLSkipDirective, directives, info.variableValues)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, directives, info.variableValues)?.if !== false;
}
