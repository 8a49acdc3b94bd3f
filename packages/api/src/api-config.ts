import { FOLD_OVERLAP_MS } from "@tickline/shared/domain/time/time-limits";
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
} from "@tickline/shared/runtime/config/common-settings";
import { readDefaults, type ConfigOf } from "@tickline/shared/runtime/config/config";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock/store-clock";

/** The settings of the api in every process that it runs in. */
export const API_OPTIONS = {
  host: hostSetting,
  port: portSetting,
  allowedHosts: allowedHostsSetting,
  queues: queuesSetting,
  externalQueues: externalQueuesSetting,
  timeoutMsMax: timeoutMaxMsSetting,
};

/** Settings of the api as a separate process, besides its servers. */
export const API_SETTINGS = {
  ...API_OPTIONS,
  topicRetentionMs: {
    ...topicRetentionSetting,
    description:
      "The same value as for `npm run topics`. A command on `tickline.commands` is refused if it is older than half of it, or than 3.5 days.",
  },
  drainNoticeMs: drainNoticeSetting,
  logLevel: logLevelSetting,
};

/** Limits and intervals that only code sets, each with the reason. The names have the units. */
const API_LIMITS = {
  /** Largest body. Params have at most 64 KiB, so there is room for all other fields. */
  bodyBytesMax: 262_144,
  /** Deepest nesting of a body. Code that reads it later may recurse safely. */
  bodyDepthMax: 32,
  /** Longest page of a list. It ends before the item that would make it longer, and has at least one item. Normal lists of 200 items fit. */
  pageBytesMax: 1_048_576,
  /** Connections open at once. For one more, the oldest inactive connection is closed, or the new one if all are active. Each may have one answer of a page in memory. */
  connectionsMax: 1_000,
  /** The same for one address: half, so that no client takes all. Behind a proxy all clients have the proxy's address. */
  connectionsPerAddressMax: 500,
  /** Requests processed at once; others wait. As many as one group of writes takes. */
  requestsAtOnceMax: 256,
  /** After requests have kept one turn of the event loop busy for this long, other work goes first: probes, and the work of jobs. */
  turnMsMax: 20,
  /** Requests of one connection that wait for an earlier answer. Beyond this, nothing more is read from the connection. */
  pipelinedMax: 64,
  /** A client must read an answer within this time. Of a stream it must read something within this time. */
  answerMsMax: 30_000,
  /** Bytes of unread answers, of all connections. Beyond this, the connection that has waited longest is closed. */
  unreadBytesMax: 67_108_864,
  /** Interval of the check for slow heads and requests. They may end this much later than their limit. */
  connectionsLookMs: 1_000,
  /** The head of a request must arrive within this time. */
  headersMsMax: 10_000,
  /** The whole request must arrive within this time. */
  requestMsMax: 30_000,
  /** A connection without any data for this long is closed, even if it waits for an answer. */
  silentMsMax: 60_000,
  /** How long an idle connection is kept for the next request. */
  keepAliveMs: 30_000,
  /** How long a stop waits for answers in progress before it closes their connections. */
  drainMsMax: 5_000,
  /** A store that has not answered `/readyz` within this time counts as unavailable. */
  readyMsMax: 2_000,

  /** Rounds of firing due instants within one request: each is one bounded write. If a job needs more, the answer is 503, and the work done so far is kept. */
  owedRoundsMax: 1_000,
  /** How often one request retries its compare-and-set after another write won. */
  changeRoundsMax: 10,
  /** Runs of a deleted job that one write cancels. */
  cancelRunsMax: 500,
  /** Events of job writes, and hints of each topic, that wait for the bus. Beyond this, events are left to the sweep of the outbox, and hints are lost. */
  noticesPendingMax: 10_000,
  /** The registry of handlers is read again at most this often because a job named an unknown handler. */
  handlersRefreshMs: 100,

  /** A command is refused if the time differs from its own time by more than this: half of the retention of its topic. */
  commandAgeMsMax: 129_600_000,
  /** Commands about different jobs and runs that are carried out at once. */
  commandsAtOnce: 16,

  /** Events kept for streams that reconnect with `Last-Event-ID`. They are references, but an output may have 64 KiB. */
  streamEventsKept: 2_000,
  streamsMax: 100,
  /** The same for one address: half, so that no client takes all. Behind a proxy all clients have the proxy's address. */
  streamsPerAddressMax: 50,
  /** Missed events that are sent to a stream that reconnects, in bytes of JSON. If it missed more, it gets a `reset`. */
  streamReplayBytesMax: 2_097_152,
  /** Missed events are sent in parts. A part ends with the event that reaches this size. The next part waits until the client has read the part before. */
  streamReplayPartBytes: 65_536,
  /** Parts that one address gets at once, over all its streams, if it has had none for a while. */
  streamReplayPartsMax: 32,
  /** After those, the interval between two parts: 3 MB a second. */
  streamReplayEveryMs: 20,
  /** A stream whose reader is behind by this much is closed. The client may reconnect and resume. */
  streamBufferBytesMax: 1_048_576,
  /** Interval of messages on a quiet stream, so that no proxy closes it as dead. */
  streamKeepAliveMs: 15_000,

  /** Runs that one claim over HTTP may ask for. */
  claimRunsMax: 100,
  /** Longest wait of a claim for a run. Below `silentMsMax`, at which the connection is closed. */
  claimWaitMsMax: 30_000,
  /** Claims that wait at once. Each needs a connection, and wakes for some run of its queue. */
  claimsWaitingMax: 400,
  /** The same for one address: half, so that no client takes all. Behind a proxy all clients have the proxy's address. */
  claimsWaitingPerAddressMax: 200,
  /** A claim that waits looks into the store again after this time, because the bus may have lost the message that would have woken it. */
  claimLookMs: 5_000,
  /** How often one claim continues when others have claimed what it read, or the overlap policy lets it wait. */
  claimRoundsMax: 10,
  /** The params of the runs that one claim gets, in bytes of JSON. Beyond this it gets fewer runs, and at least one. */
  claimParamsBytesMax: 1_048_576,
  /** The lease of a claim that does not name one: time for several heartbeats, of which one may fail. */
  claimLeaseMs: 30_000,
  claimLeaseMsMin: 1_000,
  claimLeaseMsMax: 3_600_000,
  /** Types of handlers that one claim may name. */
  claimHandlersMax: 100,
  /** Attempts that one heartbeat over HTTP may renew. With all the ids and tokens this is below `bodyBytesMax`. */
  heartbeatRunsMax: 1_000,
  /** Attempts that one request over HTTP may settle. Outputs are bounded by the body. */
  settleRunsMax: 100,
  /** An executor over HTTP that was told that an attempt is over its `timeoutMs` has this long to settle it. Then the attempt has failed. */
  timeoutGraceMs: 10_000,
  /** A run that executors over HTTP gave back this often is `failed` when it is given back again. As `releasesMax` of the executor. */
  releasesMax: 20,

  /** Jobs whose status waits to be written. Beyond this, the bus has to wait. */
  projectionPendingMax: 20_000,
  /** Jobs written at once. */
  projectionBatchMax: 5_000,
  /** Shortest interval between two writes, so that the start and the end of a run are usually one write. */
  projectionEveryMs: 25,
  /** How often settled runs are read into the status, because the bus may have lost events. */
  foldEveryMs: 60_000,
  /** The fold begins this long before its watermark: the longest time until a settlement is visible, with clocks that differ. */
  foldOverlapMs: FOLD_OVERLAP_MS,
  /** Settled runs read at once. */
  foldRunsMax: 500,
};

export type ApiConfig = ConfigOf<typeof API_OPTIONS> & Readonly<typeof API_LIMITS> & StoreClockLimits;

export const API_DEFAULTS: ApiConfig = { ...readDefaults(API_OPTIONS), ...API_LIMITS, ...STORE_CLOCK_DEFAULTS };
