/**
 * Codes by which MongoDB says that it cannot answer now, or that the outcome of a statement is unknown; by their names in the
 * server (`src/mongo/base/error_codes.yml`, https://www.mongodb.com/docs/manual/reference/error-codes/) and by what they have in common
 * there. A code stands in the first group that fits. Codes that only ever pass between servers are among them where their group is: older
 * servers passed some of them on.
 */
export const UNAVAILABLE_CODES = {
  /** No connection to the server, or between its parts. Categories NetworkError, NetworkTimeoutError, CloseConnectionError. */
  network: {
    HostUnreachable: 6,
    HostNotFound: 7,
    NetworkTimeout: 89,
    PooledConnectionsDropped: 145,
    TransportSessionClosed: 172,
    TransportSessionNotFound: 173,
    ReplicaSetMonitorRemoved: 199,
    NetworkInterfaceExceededTimeLimit: 202,
    DNSHostNotFound: 230,
    DNSProtocolError: 231,
    SplitHorizonChange: 303,
    ConnectionPoolExpired: 317,
    CloseConnectionForShutdownCommand: 372,
    ConnectionError: 384,
    StreamTerminated: 398,
    PooledConnectionAcquisitionExceededTimeLimit: 407,
    SocketException: 9_001,
  },
  /** Another member is primary, or none is yet. Category NotPrimaryError, and what a replica set or cluster answers while it starts. */
  primary: {
    NotYetInitialized: 94,
    FailedToSatisfyReadPreference: 133,
    ReadConcernMajorityNotAvailableYet: 134,
    NoConfigPrimary: 149,
    InitialSyncActive: 164,
    PrimarySteppedDown: 189,
    ShardingStateNotInitialized: 203,
    CannotVerifyAndSignLogicalTime: 210,
    KeyNotFound: 211,
    ElectionInProgress: 216,
    CurrentConfigNotCommittedYet: 308,
    LegacyNotPrimary: 10_058,
    NotWritablePrimary: 10_107,
    InterruptedDueToReplStateChange: 11_602,
    NotPrimaryNoSecondaryOk: 13_435,
    NotPrimaryOrSecondary: 13_436,
    ConfigServerUnreachable: 56_846,
  },
  /** The server shuts down. Categories ShutdownError, CancellationError. */
  shutdown: {
    CallbackCanceled: 90,
    ShutdownInProgress: 91,
    PeriodicJobIsStopped: 310,
    OperationIsKilledAndDelisted: 312,
    ServiceExecutorInShutdown: 333,
    InterruptedAtShutdown: 11_600,
  },
  /** The statement was stopped half-way, or took too long. Categories Interruption, ExceededTimeLimitError. */
  interruption: {
    LockTimeout: 24,
    MaxTimeMSExpired: 50,
    ExceededTimeLimit: 262,
    ClientDisconnect: 279,
    TransactionCoordinatorSteppingDown: 281,
    TransactionCoordinatorReachedAbortDecision: 282,
    TransactionExceededLifetimeLimitSeconds: 290,
    InterruptedDueToStorageChange: 355,
    InterruptedDueToReshardingCriticalSection: 453,
    Interrupted: 11_601,
    ClientMarkedKilled: 46_841,
    RetriableRemoteCommandFailure: 91_331,
    InterruptedDueToFCVChange: 10_045_600,
  },
  /** The cursor or the plan of the statement is not valid any more. Category CursorInvalidatedError. */
  cursor: {
    CursorNotFound: 43,
    OperationFailed: 96,
    CappedPositionLost: 136,
    CursorInUse: 143,
    QueryPlanKilled: 175,
    CursorKilled: 237,
    ObjectIsBusy: 314,
    RetryMultiPlanning: 442,
    IndexNotFoundCachedPlan: 4_938_500,
  },
  /** Written, and not known to be kept by a majority. Category WriteConcernError. */
  writeConcern: {
    WriteConcernTimeout: 64,
    WriteConcernLegacyOK: 75,
    UnknownReplWriteConcern: 79,
    UnsatisfiableWriteConcern: 100,
  },
  /** A router and a shard do not agree yet on which shard has which rows. Categories StaleShardVersionError, NeedRetargettingError, SnapshotError. */
  routing: {
    StaleShardVersion: 63,
    RemoteResultsUnavailable: 83,
    StaleEpoch: 150,
    StaleClusterTime: 209,
    DatabaseDropPending: 215,
    SnapshotTooOld: 239,
    SnapshotUnavailable: 246,
    StaleDbVersion: 249,
    StaleChunkHistory: 250,
    MigrationConflict: 272,
    MovePrimaryInProgress: 319,
    ReshardCollectionInProgress: 338,
    ReshardingCriticalSectionTimeout: 342,
    ShardCannotRefreshDueToLocksHeld: 343,
    MigrationBlockingOperationCoordinatorCleaningUp: 406,
    AddOrRemoveShardInProgress: 414,
    StaleConfig: 13_388,
  },
  /** Another operation conflicts with it for a while. */
  conflict: {
    LockBusy: 46,
    LockFailed: 107,
    WriteConflict: 112,
    ConflictingOperationInProgress: 117,
    BalancerInterrupted: 194,
    NoSuchTransaction: 251,
    PreparedTransactionInProgress: 267,
    IndexBuildAborted: 276,
    IndexBuildAlreadyInProgress: 285,
    InternalTransactionNotSupported: 358,
    RetryableTransactionInProgress: 363,
    UserWritesBlocked: 371,
    UpdatesStillPending: 412,
    BackgroundOperationInProgressForDatabase: 12_586,
    BackgroundOperationInProgressForNamespace: 12_587,
    BackupCursorOpenConflictWithCheckpoint: 50_915,
  },
  /**
   * The session of a write that the driver has sent again (`retryWrites`) does not say what became of it: its history was cut off or rolled back, is on
   * its way to another shard, or a later write has been there already. Sent anew it has another session.
   */
  session: {
    IncompleteTransactionHistory: 217,
    TransactionTooOld: 225,
    SessionTransferIncomplete: 228,
  },
  /** The server is overloaded, or its disk is full. Category SystemOverloadedError. */
  overload: {
    NoSuchSession: 206,
    TooManyLocks: 208,
    TooManyLogicalSessions: 261,
    TooManyFilesOpen: 264,
    TemporarilyUnavailable: 365,
    ResourceExhausted: 402,
    AdmissionQueueOverflow: 433,
    RateLimitExceeded: 449,
    PooledConnectionAcquisitionRejected: 450,
    IngressRequestRateLimitExceeded: 462,
    OutOfDiskSpace: 14_031,
  },
  /**
   * An internal error, and the outcome of the statement is unknown. `InternalError` is also how FerretDB reports all faults of the
   * PostgreSQL behind it, and "duplicate key" where an upsert loses a race.
   */
  unknown: {
    InternalError: 1,
    UnknownError: 8,
    BrokenPromise: 245,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, number>>>>;
