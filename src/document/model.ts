import type { CanonicalKind } from "../domain/canonical.js";
import type { DataflowRow } from "../domain/dataflow.js";
import type { NamedRule } from "../domain/dataflow-sentences.js";
import type { Properties } from "../domain/record.js";
import type { ConflictPolicy, DeletePolicy, Direction, EntityType } from "../domain/words.js";

/**
 * A dataflow document: what one ordered pair of systems synchronizes. It holds what ours say and what the originals could say,
 * which is less: what a document leaves unsaid is null.
 */
export interface DataflowDocument {
  readonly source: string;
  readonly target: string;
  /** `YYYY-MM-DD HH:MM:SS`, in UTC. */
  readonly generated: string | null;
  readonly sections: readonly Section[];
}

/** One pair of types. Types, rules and properties bear the systems' own names, source first. */
export interface Section {
  readonly source: string;
  readonly target: string;
  readonly create: NamedRule;
  /** The rule from target to source. */
  readonly createBack: NamedRule | null;
  /** Alternatives, first to last; each is the pairs of properties that must all be equal. */
  readonly match: readonly PropertyPairs[];
  readonly onDelete: DeletePolicy | null;
  /** Sent in a create in Exact beside the table. */
  readonly exactDefaults: Properties;
  /** The Customcrm property that holds the Exact record's id. */
  readonly externalId: string | null;
  readonly remark: string | null;
  readonly overrides: readonly Override[];
  readonly rows: readonly SectionRow[];
}

export interface PropertyPairs {
  readonly source: readonly string[];
  readonly target: readonly string[];
}

export interface SectionRow {
  readonly source: string;
  readonly target: string;
  /** The target property's type, in that system's words. */
  readonly dataType: string;
  /** What only our tables say. */
  readonly own: RowDetails | null;
}

export interface RowDetails {
  readonly field: string;
  readonly kind: CanonicalKind;
  readonly refersTo: EntityType | null;
  readonly direction: Direction;
  readonly policy: ConflictPolicy;
  readonly group: string | null;
  readonly attested: DataflowRow["attested"];
}

/** A setting that the site's `dataflow.yml` changes. */
export interface Override {
  readonly setting: string;
  readonly shipped: string;
  readonly here: string;
}
