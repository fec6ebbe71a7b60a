import type { Changes } from "./changes.js";
import type { LiveReads } from "./live-reads.js";
import { Loaders } from "./loaders.js";
import { Notes } from "./notes.js";
import type { ResolverParts } from "./parts.js";
import type { RunProgresses } from "./run-progress.js";

/** What belongs to one request. */
export interface RequestContext {
  readonly loaders: Loaders;
  readonly notes: Notes;
  /** Who asks: the name of the credential; null where nobody has to identify themselves. */
  readonly caller: string | null;
  readonly watching: Watching;
}

/** What subscriptions are fed by. There is one for the process. */
export interface Watching {
  readonly changes: Changes;
  readonly runs: RunProgresses;
}

export const requestContext = (parts: ResolverParts, live: LiveReads, caller: string | null, watching: Watching): RequestContext => ({
  loaders: new Loaders(parts, live),
  notes: new Notes(),
  caller,
  watching,
});
