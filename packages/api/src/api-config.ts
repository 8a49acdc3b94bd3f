import { BUILT_IN_QUEUES, TIMEOUT_MS_MAX } from "@tickline/shared/domain/job-definition";
import { FOLD_OVERLAP_MS } from "@tickline/shared/domain/time-limits";
import { STORE_CLOCK_DEFAULTS, type StoreClockLimits } from "@tickline/shared/runtime/store-clock";

/** Every limit and interval of the api, with its default and why. Milliseconds and bytes as the names say. */
export interface ApiConfig extends StoreClockLimits {
  /** Where it listens. There is no authentication yet, so by default only this machine can ask. */
  readonly host: string;
  /** 0: any free port; `Api.url` names it. */
  readonly port: number;
  /** Names it goes by, besides this machine's own: without port, an IPv6 address in brackets. Requests for others are refused. */
  readonly allowedHosts: readonly string[];
  /** Queues that jobs may name. */
  readonly queues: readonly string[];
  /** Those of them that foreign executors serve: jobs on them may name any handler, with any params. */
  readonly externalQueues: readonly string[];
  /**
   * Largest `timeoutMs` that a job is given; those that have a larger one keep it. A day by default: a job may take hours, and handlers that
   * hang hold the workers of their job and queue alone.
   */
  readonly timeoutMsMax: number;

  /** Largest body. Params are at most 64 KiB, so everything else has room. */
  readonly bodyBytesMax: number;
  /** Deepest nesting of a body: what is read later may then recurse without a thought. */
  readonly bodyDepthMax: number;
  /** Longest page of a list: it ends before the item that would make it longer, and has at least one. Plain lists of 200 items fit. */
  readonly pageBytesMax: number;
  /** Connections open at once; for one more the oldest on which nothing is at work is closed, or else the new one. Each may have one answer of a page in memory. */
  readonly connectionsMax: number;
  /** The same for one address: half, so that no client takes all. Behind a proxy all clients have the proxy's. */
  readonly connectionsPerAddressMax: number;
  /** Requests that are worked on at once; others wait. As many as one group of writes takes. */
  readonly requestsAtOnceMax: number;
  /** Requests that have begun in one turn of the event loop for so long let others have their turn: probes, and what jobs do. */
  readonly turnMsMax: number;
  /** Requests of one connection that wait for the answer before theirs; beyond it nothing more is read from there. */
  readonly pipelinedMax: number;
  /** A client must have read an answer within this time; of a stream it must have taken something. */
  readonly answerMsMax: number;
  /** Bytes of answers that wait for clients to read them, of all connections; beyond it the one that waits longest is closed. */
  readonly unreadBytesMax: number;
  /** How often heads and requests that are too slow are looked for: they end by so much later. */
  readonly connectionsLookMs: number;
  /** The head of a request must have come within this time. */
  readonly headersMsMax: number;
  /** The whole request must have come within this time. */
  readonly requestMsMax: number;
  /** A connection on which nothing moves for this long is closed, whatever it waits for. */
  readonly silentMsMax: number;
  /** An idle connection is kept for the next request this long. */
  readonly keepAliveMs: number;
  /** How long a stop waits for the answers under way before it closes their connections. */
  readonly drainMsMax: number;
  /** A store that has not answered `/readyz` by then counts as away. */
  readonly readyMsMax: number;

  /** Rounds of firing what is owed within one request: each is one bounded write. A job behind by more answers 503, and has caught up that far. */
  readonly owedRoundsMax: number;
  /** Times one request tries its compare-and-set anew after somebody else's won. */
  readonly changeRoundsMax: number;
  /** Runs of a deleted job that one write cancels. */
  readonly cancelRunsMax: number;
  /** Events of job writes, and hints of each topic, that wait for the bus; beyond it events are left to the sweep of the outbox, and hints are lost. */
  readonly noticesPendingMax: number;
  /** The registry of handlers is read again at most this often because a job named one it does not know. */
  readonly handlersRefreshMs: number;

  /** A command further from its own time than this is refused: half of what its topic keeps. */
  readonly commandAgeMsMax: number;
  /** Commands about different things that are carried out at once. */
  readonly commandsAtOnce: number;

  /** Events kept for streams that come back with `Last-Event-ID`. They are references, but an output may be 64 KiB. */
  readonly streamEventsKept: number;
  readonly streamsMax: number;
  /** Of those, as many as one address may have: half, so that no client takes all. Behind a proxy all clients have the proxy's. */
  readonly streamsPerAddressMax: number;
  /** Events sent again to a stream that comes back, in bytes of JSON; behind more of them it gets a `reset`. */
  readonly streamReplayBytesMax: number;
  /** They are sent in parts that end with the event that reaches this; the next part waits until the one before has been read. */
  readonly streamReplayPartBytes: number;
  /** Parts that one address gets at once, over all its streams, when it has had none for a while. */
  readonly streamReplayPartsMax: number;
  /** After those, one part each of these: 3 MB a second. */
  readonly streamReplayEveryMs: number;
  /** A stream whose reader is behind by this much is closed; it may come back and resume. */
  readonly streamBufferBytesMax: number;
  /** A quiet stream says something this often, so that nobody between takes it for dead. */
  readonly streamKeepAliveMs: number;

  /** Jobs whose status waits to be written; beyond it the bus has to wait. */
  readonly projectionPendingMax: number;
  /** Jobs written at once. */
  readonly projectionBatchMax: number;
  /** Writes begin at least this far apart, so that a run's start and end are mostly one write. */
  readonly projectionEveryMs: number;
  /** How often settled runs are folded in, for what the bus lost. */
  readonly foldEveryMs: number;
  /** The fold begins this long before its watermark: as long as a settlement may take to be seen, by clocks that differ. */
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
