import type { Connector } from "../connectors/connector.js";
import type { Problem } from "../domain/entity.js";
import type { SyncSettings } from "../domain/settings.js";
import type { Clock, EntityType, System } from "../domain/words.js";
import type { Store } from "../store/store.js";
import type { Actions } from "../sync/actions.js";
import type { Runs } from "../sync/runs.js";
import type { Submission, Submitted } from "../sync/submit.js";

/** What resolvers need of the house. The optional ones answer "nothing known" when they are left out. */
export interface ResolverParts {
  readonly store: Store;
  readonly connectors: Connectors;
  /** The dataflow table as the site has it, with the settings that reading needs. */
  readonly settings: Pick<SyncSettings, "flows" | "defaultAccount" | "clockToleranceMs" | "quarantineMs">;
  readonly clock: Clock;
  /** Why a dataflow writes nothing now; null when it does. */
  readonly pausedProblem?: (type: EntityType) => Promise<Problem | null>;
  /** What persons decide about links and dataflows, and the runs that they start. */
  readonly actions?: Actions;
  readonly runs?: Runs;
  /** Takes a mutation of an entity. */
  readonly submit?: (submission: Submission) => Promise<Submitted>;
  /** The operation that a key of this caller stands for. */
  readonly operationOfKey?: (key: string, caller: string | null) => Promise<string | null>;
}

export type Connectors = { readonly [S in System]: Connector };
