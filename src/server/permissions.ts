import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { entityTypes } from "../domain/words.js";
import type { Caller, Scope } from "./access.js";
import { refusal } from "./refusal.js";

/**
 * Fields that need more than the operation they stand in. Both show values that are not, or not yet, in the systems: what lost
 * against another value, and what a run would write.
 */
const fieldScopes: { readonly [coordinate: string]: Scope } = { "Link.history": "sync", "SyncRun.plan": "sync" };

/** createAccount, updateAccount, …: whoever may write. Every other mutation operates the sync, also one that is added later. */
const entityMutations = new Set(entityTypes.flatMap((type) => ["create", "update", "delete"].map((verb) => `${verb}${capitalized(type)}`)));

/** What a field needs: by the kind of operation at its root, by the table above below it. */
export function scopeOf(operation: "query" | "mutation" | "subscription", parent: string, isRoot: boolean, field: string): Scope | null {
  if (!isRoot) return fieldScopes[`${parent}.${field}`] ?? null;
  if (operation !== "mutation") return "read";
  return entityMutations.has(field) ? "write" : "sync";
}

/** Why this caller may not send this operation; null: they may. Looked at before anything runs, so nothing is done by half. */
export function refusalOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, caller: Caller): GraphQLError | null {
  for (const [scope, field] of needsOf(schema, document, operation)) {
    if (caller.scopes.includes(scope)) continue;
    const has = caller.scopes.length === 0 ? "none" : caller.scopes.join(" and ");
    return refusal("FORBIDDEN", `\`${field}\` needs the scope ${scope}; these credentials have ${has}.`, 403);
  }
  return null;
}

/** Operations come again and again as the same parsed document. */
const known = new WeakMap<OperationDefinitionNode, ReadonlyMap<Scope, string>>();

/** The scopes an operation needs, each with a field that needs it. */
function needsOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): ReadonlyMap<Scope, string> {
  const before = known.get(operation);
  if (before) return before;
  const needs = new Map<Scope, string>();
  const root = schema.getRootType(operation.operation)?.name;
  const typeInfo = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(typeInfo, {
    Field: ({ name }) => {
      const parent = typeInfo.getParentType()?.name ?? "";
      const scope = scopeOf(operation.operation, parent, parent === root, name.value);
      if (scope !== null && !needs.has(scope)) needs.set(scope, parent === root ? name.value : `${parent}.${name.value}`);
    },
  });
  for (const part of [operation, ...fragmentsOf(document, operation)]) visit(part, visitor);
  known.set(operation, needs);
  return needs;
}

/** The fragments that an operation reaches, each once. */
function fragmentsOf(document: DocumentNode, operation: OperationDefinitionNode): readonly FragmentDefinitionNode[] {
  const byName = new Map(document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [])));
  const reached = new Set<FragmentDefinitionNode>();
  const look = (node: OperationDefinitionNode | FragmentDefinitionNode) =>
    visit(node, {
      FragmentSpread: ({ name }) => {
        const fragment = byName.get(name.value);
        if (!fragment || reached.has(fragment)) return;
        reached.add(fragment);
        look(fragment);
      },
    });
  look(operation);
  return [...reached];
}

function capitalized(word: string): string {
  return word.charAt(0) + word.slice(1).toLowerCase();
}
