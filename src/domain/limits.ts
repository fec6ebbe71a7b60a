/** Every number that bounds something, once. Times in milliseconds. */
export const limits = {
  /** Page sizes and ids per call. */
  list: { defaultFirst: 50, maxFirst: 200, maxNodes: 200 },
  exact: {
    pageSize: 60,
    bulkPageSize: 1000,
    maxUrlLength: 6000,
    accessTokenLifeMs: 600_000,
    refreshNotBeforeMs: 570_000,
    refreshTokenLifeMs: 30 * 24 * 3_600_000,
    /** Until Exact's headers say otherwise. */
    minuteLimit: 60,
    dayLimit: 5000,
    errorsPerHour: 10,
    /** Background stops here, all but interactive calls at the second number. */
    errorsBackgroundStops: 6,
    errorsAllButInteractiveStop: 8,
    deletedKeptMs: 60 * 24 * 3_600_000,
  },
  customcrm: { pageSize: 200, idsPerCall: 100, changesPageSize: 500, deletedKeptMs: 30 * 24 * 3_600_000 },
  http: {
    timeoutMs: 5_000,
    connectTimeoutMs: 2_000,
    maxBodyBytes: 40_000_000,
    /**
     * An idle connection is given up this long before the system says that it would close it: a write that is sent as it closes has no
     * answer, and a process that is busy is late to notice.
     */
    idleMarginMs: 4_000,
  },
  sync: {
    /** A lost request may still land this long after it was sent (SYNC.md, assumption A1). */
    quarantineMs: 5 * 60_000,
    /** A write waits this long for its turn after it was noted as sent, or is not sent (A1). */
    turnMs: 2 * 60_000,
    /** A change may become visible in a feed this much later than it was made (A2). */
    overlapMs: 10 * 60_000,
    /** A division move is noticed this much later at the most; looking costs one of the day's calls. */
    epochKnownMs: 15 * 60_000,
    clockToleranceMs: 120_000,
    /** A create that was forgotten was sent at most this long before Redis was up again (A3). */
    forgottenMs: 24 * 3_600_000,
    leaseMs: 30_000,
    /** Who waits for another's write, and is not told when it ends, looks again after this. */
    heldMs: 30_000,
    /** A write given up after its quarantine is still recognised this long, should it land after all. */
    lateWritesMs: 60 * 60_000,
  },
  mutation: { deadlineMs: 10_000, idempotencyKeptMs: 24 * 3_600_000, makingKeptMs: 600_000, operationKeptMs: 30 * 24 * 3_600_000, openPerEntity: 50 },
  subscriptions: {
    /** Changes that wait for one subscriber; who lets more of them wait is dropped. */
    waiting: 256,
    /** Ids that one subscription may name. */
    maxIds: 1000,
    /** Operations under way on one WebSocket. */
    perSocket: 100,
    /** A run is looked at again this often, should a message about it be lost. */
    runPollMs: 5_000,
    /** Who subscribes is asked for again after this long, so that a credential that has ended ends its subscriptions. */
    callerKnownMs: 60_000,
    /** A client that takes nothing this long is cut off. */
    stalledMs: 30_000,
    pingMs: 15_000,
    /** A WebSocket whose credentials are nobody's is closed after this long. */
    strangerMs: 3_000,
    /** Bytes that may wait on one WebSocket before it is cut off. */
    socketBytes: 8_000_000,
  },
  /** What one request to the API may ask for. */
  request: {
    maxBodyBytes: 1_000_000,
    maxWebhookBytes: 256 * 1024,
    /** Guesses of credentials that one address has a minute. */
    guessesPerMinute: 120,
    /** A body that takes longer to arrive is no longer waited for. */
    bodyMs: 30_000,
    maxBatch: 10,
    /** Validating a document takes time that grows with the square of its length. */
    maxTokens: 3_000,
    maxDepth: 20,
    maxAliases: 100,
    /** Fields beside each other, fragments included. */
    maxBreadth: 200,
    /** Selections in all, fragments counted wherever they are spread. */
    maxSelections: 5_000,
    /** Items that lists may give in all: each `first` times those of the lists below it. */
    maxItems: 25_000,
  },
  /** Operations that are compiled: on which meeting, how many are kept, and of how many it is known how often they were met. */
  compiled: { onMeeting: 3, kept: 500, met: 2_000 },
  history: { maxEvents: 200, keptMs: 400 * 24 * 3_600_000 },
} as const;
