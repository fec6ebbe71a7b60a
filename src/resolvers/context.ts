import type { LiveReads } from "./live-reads.js";
import { Loaders } from "./loaders.js";
import { Notes } from "./notes.js";
import type { ResolverParts } from "./parts.js";

/** What belongs to one request. */
export interface RequestContext {
  readonly loaders: Loaders;
  readonly notes: Notes;
  /** Who asks: the name of the credential; null where nobody has to identify themselves. */
  readonly caller: string | null;
}

export const requestContext = (parts: ResolverParts, live: LiveReads, caller: string | null): RequestContext => ({
  loaders: new Loaders(parts, live),
  notes: new Notes(),
  caller,
});
