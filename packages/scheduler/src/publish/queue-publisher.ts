import { toAppError, type AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { mostUrgentFirst } from "@tickline/shared/domain/queue/priority";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import type { Publication } from "@tickline/shared/ports/runs/due-runs";
import { createBusLoop } from "@tickline/shared/runtime/service/bus-loop";
import { inHalves, passes } from "@tickline/shared/runtime/batch/in-halves";
import type { Service } from "@tickline/shared/runtime/service/service";
import { createRefusals, type Refusals } from "../refusals.ts";
import type { ShardContext } from "../shard-context.ts";
import { shardName } from "../sharding/shards.ts";
import type { PublishNotes } from "./publish-notes.ts";
import { createPublishWindow, publicationKey, type PublishWindow } from "./publish-window.ts";

/** What one poll of the store found of a queue. */
export interface QueuePoll {
  /** Published runs that no executor has claimed. */
  readonly unclaimed: number;
  /** Those of them that are in quarantine, if they were counted. */
  readonly quarantined: number;
  /** Whether it has publishable runs. */
  readonly hasPublishable: boolean;
}

/** Publishes the due runs of one queue. It waits for its own topic alone: a topic that does not answer delays no other queue. */
export interface QueuePublisher extends Service {
  /** These were just fired: they are published without a poll, unless older runs wait. False: some were not taken, and a poll has to find them. */
  fired(runs: readonly DueRun[]): boolean;
  /** A hint that this attempt was claimed. */
  claimed(publication: Publication): void;
  /** A poll begins. */
  polling(): void;
  polled(poll: QueuePoll): void;
  /** One round: what was just fired, then what the last poll has found. Never two at once. Returns how many runs were published. */
  publish(): Promise<number>;
  /** True when this attempt was published here and no hint of its claim has come. */
  holds(publication: Publication): boolean;
  /** Some of its runs may be unclaimed: a poll has to count them. */
  readonly inUse: boolean;
  /** Some of them may be in quarantine. */
  readonly mayHaveQuarantined: boolean;
}

export interface QueuePublisherOptions {
  readonly queue: string;
  readonly notes: Pick<PublishNotes, "add" | "flush">;
  /** Asks for a poll of the store. */
  readonly pollSoon: () => void;
}

export function createQueuePublisher(context: ShardContext, options: QueuePublisherOptions): QueuePublisher {
  const { config, clock, log, metrics, shard } = context;
  const { queue, pollSoon } = options;
  const labels = { queue, range: shardName(shard) };
  const state = newState(context, options, (answer) => loop.answer(answer));
  const { window, firedRuns } = state;

  async function publish(): Promise<number> {
    try {
      return (await publishFired(state)) + (await publishWaiting(state));
    } finally {
      metrics.window.set(labels, window.unclaimed);
    }
  }
  const runOnce = async (): Promise<null> => {
    await publish();
    return null; // It is woken when there is something to publish.
  };
  const loop = createBusLoop({ name: `publish ${queue}`, clock, log, stopMs: config.publishStopMs, runOnce });
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      metrics.window.remove(labels); // The next leader counts them.
    },
    fired(runs) {
      if (state.gate !== "open") return true; // Older runs may wait, and go first; the next poll finds all.
      const taken = runs.slice(0, config.publishRunsMax - firedRuns.size);
      for (const run of taken) firedRuns.set(publicationKey(run), run);
      loop.wake();
      return taken.length === runs.length;
    },
    claimed(publication) {
      firedRuns.delete(publicationKey(publication));
      window.claimed(publication);
      if (state.gate === "full" && isHalfEmpty(state)) pollSoon();
    },
    polling() {
      state.gate = "open";
      window.counting();
    },
    polled({ unclaimed, quarantined, hasPublishable }) {
      state.quarantined = quarantined;
      // Runs beyond their share, which an earlier leader published, take no room of other runs.
      window.counted(unclaimed - Math.max(0, quarantined - quarantineMax(state)));
      metrics.window.set(labels, window.unclaimed);
      if (!hasPublishable) return;
      state.hasPublishable = true;
      loop.wake();
    },
    publish,
    holds: window.holds,
    get inUse() {
      return window.inUse;
    },
    get mayHaveQuarantined() {
      return state.quarantineWaits || state.quarantined > 0 || window.room <= 0;
    },
  };
}

interface QueueState extends QueuePublisherOptions {
  readonly context: ShardContext;
  readonly window: PublishWindow;
  /** Runs that the bus refuses, or whose publication the store refuses to note: left out until their wait is over. */
  readonly refusals: Refusals;
  /** Just fired, and published without a poll. What is not taken from here waits in the store. */
  readonly firedRuns: Map<string, DueRun>;
  /**
   * `full`: no run fits into the window; a poll is asked for when half of it is claimed. `refused`: the bus took nothing. In both cases older runs
   * may wait in the store, and nothing is published until the next poll.
   */
  gate: "open" | "full" | "refused";
  /** The last poll has found publishable runs. */
  hasPublishable: boolean;
  /** Published, unclaimed runs in quarantine. */
  quarantined: number;
  /** Runs in quarantine were among the publishable ones. */
  quarantineWaits: boolean;
  /** Waits for the bus, until the publisher stops. */
  readonly answer: (answer: Promise<void>) => Promise<void>;
}

function newState(context: ShardContext, options: QueuePublisherOptions, answer: QueueState["answer"]): QueueState {
  const { windowRunsMax, publishPollMs, repeatMsMax, publishRunsMax } = context.config;
  return {
    ...options,
    context,
    window: createPublishWindow(windowRunsMax),
    refusals: createRefusals(context, { waitMs: publishPollMs, waitMsMax: repeatMsMax, idsMax: publishRunsMax, tolerated: 1 }),
    firedRuns: new Map(),
    gate: "open",
    hasPublishable: false,
    quarantined: 0,
    quarantineWaits: false,
    answer,
  };
}

const isHalfEmpty = ({ context, window }: QueueState): boolean => window.unclaimed <= context.config.windowRunsMax / 2;

/**
 * How many runs in quarantine may be unclaimed. Executors run them one at a time, so that many of them may wait for hours: with the whole
 * window they would block every run behind them.
 */
const quarantineMax = ({ context: { config } }: QueueState): number => Math.ceil(config.windowRunsMax * config.quarantineShare);

const isQuarantined = ({ context }: QueueState, { rescues }: DueRun): boolean => rescues >= context.config.quarantineRescuesMin;

const inOrder = (runs: DueRun[]): DueRun[] => mostUrgentFirst(runs, ({ priority }) => priority);

async function publishFired(state: QueueState): Promise<number> {
  const { window, firedRuns, pollSoon, context } = state;
  // A poll may have found a run before its fire was answered.
  const runs = state.gate === "open" ? [...firedRuns.values()].filter((run) => !window.holds(run)) : [];
  firedRuns.clear();
  const fitting = inOrder(runs).slice(0, Math.max(0, window.room));
  const leads = context.leads();
  if (fitting.length < runs.length || !leads) pollSoon();
  if (fitting.length === 0 || !leads) return 0;
  if ((await send(state, fitting)) === null) return fitting.length;
  state.gate = "refused"; // They wait in the store for the next poll, as do runs fired meanwhile.
  return 0;
}

async function publishWaiting(state: QueueState): Promise<number> {
  if (!state.hasPublishable) return 0;
  state.hasPublishable = false;
  try {
    return await fillWindow(state);
  } catch (fault) {
    state.hasPublishable = true;
    throw fault;
  }
}

/** Claims make no room before the next poll: the count before it may have known of them already. */
async function fillWindow(state: QueueState): Promise<number> {
  const { context, window, refusals, notes, pollSoon } = state;
  const { config, leads } = context;
  const room = window.room;
  const budget = { refusals: REFUSALS_MAX };
  let published = 0;
  while (published < room && leads()) {
    const most = Math.min(room - published, config.publishRunsMax);
    await notes.flush();
    const { runs, leftOut, isAll } = await readPublishable(state, most + refusals.size);
    if (!leads()) return published;
    if (isAll && refusals.size > 0) refusals.keepOnly(new Set([...runs, ...leftOut].map(publicationKey)));
    const mayBeTried = refusals.size === 0 ? runs : runs.filter((run) => !refusals.holds(publicationKey(run)));
    published += await publishFound(state, mayBeTried.slice(0, most), budget);
    if (state.gate !== "open" || isAll) return published;
  }
  if (!leads()) return published;
  state.gate = "full";
  if (isHalfEmpty(state)) pollSoon();
  return published;
}

/** The publishable runs that come first. Runs in quarantine beyond their share are left out, and where these fill the page it is read without any. */
async function readPublishable(state: QueueState, limit: number) {
  const { context, queue, quarantined } = state;
  const { dueRuns, shard, config } = context;
  const found = await dueRuns.publishable({ shard, queue, limit });
  state.quarantineWaits = found.some((run) => isQuarantined(state, run));
  let room = Math.max(0, quarantineMax(state) - quarantined);
  const fits = (run: DueRun): boolean => !isQuarantined(state, run) || room-- > 0;
  const { runs = [], leftOut = [] } = Object.groupBy(found, (run) => (fits(run) ? "runs" : "leftOut"));
  if (leftOut.length === 0 || found.length < limit) return { runs, leftOut, isAll: found.length < limit };
  const others = await dueRuns.publishable({ shard, queue, limit, rescuesBelow: config.quarantineRescuesMin });
  return { runs: inOrder([...runs.filter((run) => isQuarantined(state, run)), ...others]), leftOut, isAll: others.length < limit };
}

/** Batches and single runs that may be refused after one poll, before the rest is left to the next. */
const REFUSALS_MAX = 50;

/** Publishes all, but for runs that the bus refuses by themselves: one that cannot be published blocks no other. Returns how many were published. */
async function publishFound(state: QueueState, runs: readonly DueRun[], budget: { refusals: number }): Promise<number> {
  let published = 0;
  const refused = await inHalves(runs, async (some) => {
    if (state.gate !== "open") return; // The next poll finds them.
    const fault = await send(state, some);
    if (fault === null) {
      published += some.length;
      return;
    }
    budget.refusals -= 1;
    if (passes(fault) || budget.refusals === 0) state.gate = "refused";
    if (!passes(fault)) throw fault;
  });
  for (const { item } of refused) state.refusals.refuse(publicationKey(item));
  return published;
}

/** Publishes these runs, all or none. Returns why the bus did not take them; null: it did. */
async function send(state: QueueState, runs: readonly DueRun[]): Promise<AppError | null> {
  const { context, queue, window, notes, answer } = state;
  const { bus, metrics, now, log } = context;
  const publishedAt = now();
  window.publishing(runs);
  try {
    const events = runs.map((run) => jobDue(run, publishedAt));
    await answer(bus.publish(dueTopic(queue), events));
  } catch (thrown) {
    const fault = toAppError(thrown, `publish to queue ${queue}`);
    window.unpublished(runs);
    log.warn(
      { err: fault, queue, runs: runs.length, first: runs[0]?.runId },
      "due runs were not published; the next poll finds them again",
    );
    return fault;
  }
  // If the process ends before these notes are written, the runs are published again; the claim tells a repeat from the first.
  const unclaimed = runs.filter(window.holds);
  notes.add(
    state,
    unclaimed.map(({ runId, attempt }) => ({ runId, attempt, publishedAt })),
  );
  state.quarantined += runs.filter((run) => isQuarantined(state, run)).length;
  metrics.published.inc({ queue }, runs.length);
  return null;
}
