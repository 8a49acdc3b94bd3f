import { FOLD_OVERLAP_MS } from "@tickline/shared/domain/time-limits";
import {
  allowedHostsSetting,
  drainNoticeSetting,
  externalQueuesSetting,
  hostSetting,
  logLevelSetting,
  portSetting,
  queuesSetting,
  timeoutMaxMsSetting,
  topicRetentionSetting,
} from "@tickline/shared/runtime/common-settings";
import { readDefaults, type ConfigOf } from "@tickline/shared/runtime/config";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock";

/** What people set of the api, wherever it runs. */
export const API_OPTIONS = {
  host: hostSetting,
  port: portSetting,
  allowedHosts: allowedHostsSetting,
  /** With those of foreign executors: queues that jobs may name. */
  queues: queuesSetting,
  externalQueues: externalQueuesSetting,
  timeoutMsMax: timeoutMaxMsSetting,
};

/** Settings of the api as a process of its own, besides its servers. */
export const API_SETTINGS = {
  ...API_OPTIONS,
  topicRetentionMs: {
    ...topicRetentionSetting,
    description: "As for `npm run topics`: a command on `tickline.commands` that is older than half of it is refused.",
  },
  drainNoticeMs: drainNoticeSetting,
  logLevel: logLevelSetting,
};

/** Limits and intervals that only code sets. Milliseconds and bytes as the names say. */
const API_LIMITS = {
  /** Largest body. Params are at most 64 KiB, so everything else has room. */
  bodyBytesMax: 262_144,
  /** Deepest nesting of a body: what is read later may then recurse without a thought. */
  bodyDepthMax: 32,
  /** Longest page of a list: it ends before the item that would make it longer, and has at least one. Plain lists of 200 items fit. */
  pageBytesMax: 1_048_576,
  /** Connections open at once; for one more the oldest on which nothing is at work is closed, or else the new one. Each may have one answer of a page in memory. */
  connectionsMax: 1_000,
  /** The same for one address: half, so that no client takes all. Behind a proxy all clients have the proxy's. */
  connectionsPerAddressMax: 500,
  /** Requests that are worked on at once; others wait. As many as one group of writes takes. */
  requestsAtOnceMax: 256,
  /** Requests that have begun in one turn of the event loop for so long let others have their turn: probes, and what jobs do. */
  turnMsMax: 20,
  /** Requests of one connection that wait for the answer before theirs; beyond it nothing more is read from there. */
  pipelinedMax: 64,
  /** A client must have read an answer within this time; of a stream it must have taken something. */
  answerMsMax: 30_000,
  /** Bytes of answers that wait for clients to read them, of all connections; beyond it the one that waits longest is closed. */
  unreadBytesMax: 67_108_864,
  /** How often heads and requests that are too slow are looked for: they end by so much later. */
  connectionsLookMs: 1_000,
  /** The head of a request must have come within this time. */
  headersMsMax: 10_000,
  /** The whole request must have come within this time. */
  requestMsMax: 30_000,
  /** A connection on which nothing moves for this long is closed, whatever it waits for. */
  silentMsMax: 60_000,
  /** An idle connection is kept for the next request this long. */
  keepAliveMs: 30_000,
  /** How long a stop waits for the answers under way before it closes their connections. */
  drainMsMax: 5_000,
  /** A store that has not answered `/readyz` by then counts as away. */
  readyMsMax: 2_000,

  /** Rounds of firing what is owed within one request: each is one bounded write. A job behind by more answers 503, and has caught up that far. */
  owedRoundsMax: 1_000,
  /** Times one request tries its compare-and-set anew after somebody else's won. */
  changeRoundsMax: 10,
  /** Runs of a deleted job that one write cancels. */
  cancelRunsMax: 500,
  /** Events of job writes, and hints of each topic, that wait for the bus; beyond it events are left to the sweep of the outbox, and hints are lost. */
  noticesPendingMax: 10_000,
  /** The registry of handlers is read again at most this often because a job named one it does not know. */
  handlersRefreshMs: 100,

  /** A command further from its own time than this is refused: half of what its topic keeps. */
  commandAgeMsMax: 129_600_000,
  /** Commands about different things that are carried out at once. */
  commandsAtOnce: 16,

  /** Events kept for streams that come back with `Last-Event-ID`. They are references, but an output may be 64 KiB. */
  streamEventsKept: 2_000,
  streamsMax: 100,
  /** Of those, as many as one address may have: half, so that no client takes all. Behind a proxy all clients have the proxy's. */
  streamsPerAddressMax: 50,
  /** Events sent again to a stream that comes back, in bytes of JSON; behind more of them it gets a `reset`. */
  streamReplayBytesMax: 2_097_152,
  /** They are sent in parts that end with the event that reaches this; the next part waits until the one before has been read. */
  streamReplayPartBytes: 65_536,
  /** Parts that one address gets at once, over all its streams, when it has had none for a while. */
  streamReplayPartsMax: 32,
  /** After those, one part each of these: 3 MB a second. */
  streamReplayEveryMs: 20,
  /** A stream whose reader is behind by this much is closed; it may come back and resume. */
  streamBufferBytesMax: 1_048_576,
  /** A quiet stream says something this often, so that nobody between takes it for dead. */
  streamKeepAliveMs: 15_000,

  /** Jobs whose status waits to be written; beyond it the bus has to wait. */
  projectionPendingMax: 20_000,
  /** Jobs written at once. */
  projectionBatchMax: 5_000,
  /** Writes begin at least this far apart, so that a run's start and end are mostly one write. */
  projectionEveryMs: 25,
  /** How often settled runs are folded in, for what the bus lost. */
  foldEveryMs: 60_000,
  /** The fold begins this long before its watermark: as long as a settlement may take to be seen, by clocks that differ. */
  foldOverlapMs: FOLD_OVERLAP_MS,
  /** Settled runs read at once. */
  foldRunsMax: 500,
};

export type ApiConfig = ConfigOf<typeof API_OPTIONS> & Readonly<typeof API_LIMITS> & StoreClockLimits;

export const API_DEFAULTS: ApiConfig = { ...readDefaults(API_OPTIONS), ...API_LIMITS, ...STORE_CLOCK_DEFAULTS };
