import type { Deletion } from "./deletion-log.js";
import type { StoredRecord } from "./record-table.js";
import type { Author, RecordKind } from "./types.js";

/** A change that was made, and which announced properties it changed. */
export interface Change {
  readonly kind: RecordKind;
  readonly id: string;
  readonly action: "Create" | "Update" | "Delete";
  readonly by: Author;
  readonly announced: readonly string[];
}

export interface CoreState {
  readonly rowVersion: number;
  readonly divisionMoveDate: number | null;
  readonly accounts: readonly StoredRecord[];
  readonly contacts: readonly StoredRecord[];
  /** Absent in what was kept before there were items. */
  readonly items?: readonly StoredRecord[];
  readonly deletions: readonly Deletion[];
}

/** In whose name everything is done. */
export interface User {
  readonly userId: string;
  readonly userName: string;
}
