/** A record that referred to the one that is gone, on the side where it went: by its shadow, and as it is read now. */
export interface Dependent {
  readonly before: string | null;
  readonly now: string | null;
}

/**
 * The record into which a gone one was merged (R9): merging moves what belonged to it. Only where all that moved went to one
 * record; dependents that were deleted or left behind say nothing. Never guesses.
 */
export function survivorOf(goneRecordId: string, dependents: readonly Dependent[]): string | null {
  const moved = dependents.filter((one) => one.before === goneRecordId && one.now !== goneRecordId).flatMap((one) => one.now ?? []);
  const [survivor, ...others] = [...new Set(moved)];
  return survivor !== undefined && others.length === 0 ? survivor : null;
}
