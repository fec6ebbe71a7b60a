/** Said at more than one place of the schema. */
export const about = {
  first: "How many, from 1 to 200.",
  after: "The cursor to go on behind: `pageInfo.endCursor` of the page before.",
  maxAge:
    "In seconds. Records that were read longer ago are read again from their systems first, all together; it holds for everything below. Left out, the answer comes from what the gateway holds, without a call to either system; 0 reads now.",
  customcrm: "The record as Customcrm has it; null when there is none.",
  exact: "The record as Exact has it; null when there is none.",
} as const;
