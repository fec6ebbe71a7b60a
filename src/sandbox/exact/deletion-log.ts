import { monthsBefore } from "./dates.js";
import type { deletedProperties } from "./properties.js";
import type { RowVersions } from "./record-table.js";
import type { Cell, RowView } from "./types.js";

export interface Deletion {
  readonly id: string;
  readonly timestamp: number;
  readonly visibleAt: number;
  /** Of the deleted record: 2 an account, 5 a contact; many other kinds have numbers of their own. */
  readonly entityType: number;
  readonly key: string;
  readonly at: number;
}

/** What was deleted, for two months. */
export class DeletionLog {
  private deletions: Deletion[];

  constructor(
    private readonly rowVersions: RowVersions,
    private readonly keptMonths: () => number,
    kept: readonly Deletion[] = [],
  ) {
    this.deletions = [...kept];
  }

  add(id: string, entityType: number, key: string): void {
    const now = this.rowVersions.now();
    this.deletions.push({ id, entityType, key, at: now, timestamp: this.rowVersions.next(), visibleAt: this.rowVersions.visibleAt() });
  }

  /** What is kept, and forgets the rest. */
  all(): readonly Deletion[] {
    const since = monthsBefore(this.rowVersions.now(), this.keptMonths());
    if (this.deletions.some(({ at }) => at < since)) this.deletions = this.deletions.filter(({ at }) => at >= since);
    return this.deletions;
  }

  visible(): readonly Deletion[] {
    return this.all().filter(({ visibleAt }) => visibleAt <= this.rowVersions.now());
  }

  renumber(): void {
    this.deletions = this.all().map((deletion) => ({ ...deletion, timestamp: this.rowVersions.next() }));
  }
}

export function deletionView(deletion: Deletion, facts: { readonly division: number; readonly userId: string }, wallOf: (utcMs: number) => number): RowView {
  const cells: Record<keyof typeof deletedProperties, Cell> = {
    Timestamp: deletion.timestamp,
    DeletedBy: facts.userId,
    DeletedDate: wallOf(deletion.at),
    Division: facts.division,
    EntityKey: deletion.key,
    EntityType: deletion.entityType,
    ID: deletion.id,
  };
  return { id: deletion.id, cell: (name) => cells[name] ?? null };
}
