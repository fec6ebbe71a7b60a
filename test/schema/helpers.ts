import type { ResolverParts } from "../../src/resolvers/parts.js";

/** Where nothing is resolved, no part is needed. */
export const idleParts = (): ResolverParts => ({}) as ResolverParts;
