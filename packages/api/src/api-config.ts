import { BUILT_IN_QUEUES, TIMEOUT_MS_MAX } from "@tickline/shared/domain/job-definition";
import { FOLD_OVERLAP_MS } from "@tickline/shared/domain/time-limits";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock";

/** Every limit and interval of the api, with its default and the reason. The names have the units. */
export interface ApiConfig extends StoreClockLimits {
  /** The address to listen on. There is no authentication yet, so by default only this machine can send requests. */
  readonly host: string;
  /** 0: any free port; `Api.url` names it. */
  readonly port: number;
  /** Host names of this service besides this machine's own: without a port, an IPv6 address in brackets. Requests for other hosts are refused. */
  readonly allowedHosts: readonly string[];
  /** Queues that jobs may name. */
  readonly queues: readonly string[];
  /** The queues that foreign executors serve: jobs on them may name any handler, with any params. */
  readonly externalQueues: readonly string[];
  /**
   * Largest `timeoutMs` that a job may be given. Jobs that already have a larger one keep it. A day by default: a job may take hours, and
   * handlers that hang hold only the workers of their own job and queue.
   */
  readonly timeoutMsMax: number;

  /** Largest body. Params have at most 64 KiB, so there is room for all other fields. */
  readonly bodyBytesMax: number;
  /** Deepest nesting of a body. Code that reads it later may recurse safely. */
  readonly bodyDepthMax: number;
  /** Longest page of a list. It ends before the item that would make it longer, and has at least one item. Normal lists of 200 items fit. */
  readonly pageBytesMax: number;
  /** Connections open at once. For one more, the oldest inactive connection is closed, or the new one if all are active. Each may have one answer of a page in memory. */
  readonly connectionsMax: number;
  /** The same for one address: half, so that no client takes all. Behind a proxy all clients have the proxy's address. */
  readonly connectionsPerAddressMax: number;
  /** Requests processed at once; others wait. As many as one group of writes takes. */
  readonly requestsAtOnceMax: number;
  /** After requests have kept one turn of the event loop busy for this long, other work comes first: probes, and the work of jobs. */
  readonly turnMsMax: number;
  /** Requests of one connection that wait for an earlier answer. Beyond this, nothing more is read from the connection. */
  readonly pipelinedMax: number;
  /** A client must read an answer within this time. Of a stream it must read something within this time. */
  readonly answerMsMax: number;
  /** Bytes of unread answers, of all connections. Beyond this, the connection that has waited longest is closed. */
  readonly unreadBytesMax: number;
  /** Interval of the check for slow heads and requests. They may end this much later than their limit. */
  readonly connectionsLookMs: number;
  /** The head of a request must arrive within this time. */
  readonly headersMsMax: number;
  /** The whole request must arrive within this time. */
  readonly requestMsMax: number;
  /** A connection without any data for this long is closed, whatever it waits for. */
  readonly silentMsMax: number;
  /** How long an idle connection is kept for the next request. */
  readonly keepAliveMs: number;
  /** How long a stop waits for answers in progress before it closes their connections. */
  readonly drainMsMax: number;
  /** A store that has not answered `/readyz` within this time counts as unavailable. */
  readonly readyMsMax: number;

  /** Rounds of firing due instants within one request: each is one bounded write. If a job needs more, the answer is 503, and the work done so far is kept. */
  readonly owedRoundsMax: number;
  /** How often one request retries its compare-and-set after another write won. */
  readonly changeRoundsMax: number;
  /** Runs of a deleted job that one write cancels. */
  readonly cancelRunsMax: number;
  /** Events of job writes, and hints of each topic, that wait for the bus. Beyond this, events are left to the sweep of the outbox, and hints are lost. */
  readonly noticesPendingMax: number;
  /** The registry of handlers is read again at most this often because a job named an unknown handler. */
  readonly handlersRefreshMs: number;

  /** A command is refused if the time differs from its own time by more than this: half of the retention of its topic. */
  readonly commandAgeMsMax: number;
  /** Commands about different jobs and runs that are carried out at once. */
  readonly commandsAtOnce: number;

  /** Events kept for streams that reconnect with `Last-Event-ID`. They are references, but an output may have 64 KiB. */
  readonly streamEventsKept: number;
  readonly streamsMax: number;
  /** The same for one address: half, so that no client takes all. Behind a proxy all clients have the proxy's address. */
  readonly streamsPerAddressMax: number;
  /** Missed events that are sent to a stream that reconnects, in bytes of JSON. If it missed more, it gets a `reset`. */
  readonly streamReplayBytesMax: number;
  /** Missed events are sent in parts. A part ends with the event that reaches this size. The next part waits until the client has read the part before. */
  readonly streamReplayPartBytes: number;
  /** Parts that one address gets at once, over all its streams, if it has had none for a while. */
  readonly streamReplayPartsMax: number;
  /** After those, the interval between two parts: 3 MB a second. */
  readonly streamReplayEveryMs: number;
  /** A stream whose reader is behind by this much is closed. The client may reconnect and resume. */
  readonly streamBufferBytesMax: number;
  /** Interval of messages on a quiet stream, so that no proxy closes it as dead. */
  readonly streamKeepAliveMs: number;

  /** Jobs whose status waits to be written. Beyond this, the bus has to wait. */
  readonly projectionPendingMax: number;
  /** Jobs written at once. */
  readonly projectionBatchMax: number;
  /** Shortest interval between two writes, so that the start and the end of a run are usually one write. */
  readonly projectionEveryMs: number;
  /** How often settled runs are read into the status, because the bus may have lost events. */
  readonly foldEveryMs: number;
  /** The fold begins this long before its watermark: the longest time until a settlement is visible, with clocks that differ. */
  readonly foldOverlapMs: number;
  /** Settled runs read at once. */
  readonly foldRunsMax: number;
}

export const API_DEFAULTS: ApiConfig = {
  host: "127.0.0.1",
  port: 7070,
  allowedHosts: [],
  queues: BUILT_IN_QUEUES,
  externalQueues: [],
  timeoutMsMax: TIMEOUT_MS_MAX,

  bodyBytesMax: 262_144,
  bodyDepthMax: 32,
  pageBytesMax: 1_048_576,
  connectionsMax: 1_000,
  connectionsPerAddressMax: 500,
  requestsAtOnceMax: 256,
  turnMsMax: 20,
  pipelinedMax: 64,
  answerMsMax: 30_000,
  unreadBytesMax: 67_108_864,
  connectionsLookMs: 1_000,
  headersMsMax: 10_000,
  requestMsMax: 30_000,
  silentMsMax: 60_000,
  keepAliveMs: 30_000,
  drainMsMax: 5_000,
  readyMsMax: 2_000,

  owedRoundsMax: 1_000,
  changeRoundsMax: 10,
  cancelRunsMax: 500,
  noticesPendingMax: 10_000,
  handlersRefreshMs: 100,

  commandAgeMsMax: 129_600_000,
  commandsAtOnce: 16,

  streamEventsKept: 2_000,
  streamsMax: 100,
  streamsPerAddressMax: 50,
  streamReplayBytesMax: 2_097_152,
  streamReplayPartBytes: 65_536,
  streamReplayPartsMax: 32,
  streamReplayEveryMs: 20,
  streamBufferBytesMax: 1_048_576,
  streamKeepAliveMs: 15_000,

  projectionPendingMax: 20_000,
  projectionBatchMax: 5_000,
  projectionEveryMs: 25,
  foldEveryMs: 60_000,
  foldOverlapMs: FOLD_OVERLAP_MS,
  foldRunsMax: 500,

  ...STORE_CLOCK_DEFAULTS,
};
