import DataLoader from "dataloader";

/** Above this a script would hold up everybody else for long. */
const atMost = 500;

/** Makes one round trip of what is asked in one turn, in the order asked; nothing is remembered. */
export const together = <Asked, Answer>(askAll: (asked: readonly Asked[]) => Promise<readonly Answer[]>): DataLoader<Asked, Answer> =>
  new DataLoader(askAll, { cache: false, maxBatchSize: atMost });
