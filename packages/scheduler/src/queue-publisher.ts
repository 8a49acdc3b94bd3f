import { toAppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/due-run";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import type { Publication } from "@tickline/shared/ports/due-runs";
import { createBusLoop } from "@tickline/shared/runtime/bus-loop";
import type { Service } from "@tickline/shared/runtime/service";
import { createPublishWindow, publicationKey, type PublishWindow } from "./publish-window.ts";
import { createRefusedRuns, type RefusedRuns } from "./refused-runs.ts";
import type { RangeContext } from "./scheduler-deps.ts";
import { rangeName } from "./slot-ranges.ts";
import { createSuspectShare, type SuspectShare } from "./suspect-share.ts";

/** What one look into the store has found of a queue. */
export interface QueueLook {
  readonly unclaimed: number;
  /** Of these, as far as they were counted. */
  readonly suspects: number;
  /** Whether it has publishable runs. */
  readonly waits: boolean;
}

/** Publishes the due runs of one queue. It waits for its own topic alone: one that does not answer holds up no other queue. */
export interface QueuePublisher extends Service {
  /** These were just fired: published without being looked for, unless older ones wait. False: some were not taken and must be looked for. */
  fired(runs: readonly DueRun[]): boolean;
  /** A hint that this attempt was claimed. */
  claimed(publication: Publication): void;
  /** The store refuses to note that this was published: it calls the run publishable as before. It is passed by for a while. */
  unnoted(publication: Publication): void;
  looked(look: QueueLook): void;
  /** One round: what was just fired, then what the last look has found. Never two at once. Returns how many runs were published. */
  publish(): Promise<number>;
  /** Suspects may be among its unclaimed runs: a look has to count them. */
  readonly mayHaveSuspects: boolean;
  readonly window: Pick<PublishWindow, "looking" | "noted" | "holds" | "inUse" | "unclaimed">;
}

export interface QueuePublisherOptions {
  readonly queue: string;
  /** Asks for a look into the store. */
  readonly lookSoon: () => void;
  /** These were published, and are to be noted in the store if nobody claims them soon. */
  readonly note: (publications: readonly Publication[]) => void;
  /** Resolves when what was published so far is noted, which else would be read once more. */
  readonly noteAll: () => Promise<void>;
}

export function createQueuePublisher(context: RangeContext, options: QueuePublisherOptions): QueuePublisher {
  const { config, clock, log, metrics } = context;
  const { queue } = options;
  const labels = { queue, range: rangeName(context.shard) };
  const state = newState(context, options, (answer) => loop.answer(answer));
  const { window, firedRuns, refused, suspects } = state;

  async function publish(): Promise<number> {
    try {
      return (await publishFired(state)) + (await publishWaiting(state));
    } finally {
      metrics.window.set(labels, window.unclaimed);
    }
  }
  const loop = createBusLoop({
    name: `publish ${queue}`,
    clock,
    log,
    stopMs: config.publishStopMs,
    runOnce: async () => {
      await publish();
      return null; // Whoever has something to publish wakes it.
    },
  });
  return {
    start: loop.start,
    async stop() {
      await loop.stop();
      metrics.window.remove(labels); // Its next leader counts them.
    },
    fired(runs) {
      if (window.closed) return true; // Older ones may wait, and go first; the next look finds all.
      const taken = runs.slice(0, config.publishRunsMax - firedRuns.size);
      for (const run of taken) firedRuns.set(publicationKey(run), run);
      loop.wake();
      return taken.length === runs.length;
    },
    claimed(publication) {
      firedRuns.delete(publicationKey(publication));
      window.claimed(publication);
    },
    unnoted(publication) {
      refused.add(publication);
      window.noted([publication]); // The store's count never knows of it.
    },
    looked(look) {
      const { unclaimed, waits } = look;
      window.counted(unclaimed - suspects.counted(look.suspects));
      metrics.window.set(labels, window.unclaimed);
      if (!waits) return;
      state.waits = true;
      loop.wake();
    },
    publish,
    get mayHaveSuspects() {
      return suspects.met || window.room <= 0;
    },
    window,
  };
}

interface QueueState extends QueuePublisherOptions {
  readonly context: RangeContext;
  readonly window: PublishWindow;
  /** Just fired, and not looked for. What is not taken from here waits in the store. */
  readonly firedRuns: Map<string, DueRun>;
  readonly refused: RefusedRuns;
  readonly suspects: SuspectShare;
  /** The last look has found that something waits in the store. */
  waits: boolean;
  /** Waits for the bus, until the publisher stops. */
  readonly answer: (answer: Promise<void>) => Promise<void>;
}

function newState(context: RangeContext, options: QueuePublisherOptions, answer: QueueState["answer"]): QueueState {
  const { config, clock } = context;
  const limits = { waitMs: config.publishPollMs, waitMsMax: config.repeatMsMax, runsMax: config.publishRunsMax };
  return {
    context,
    ...options,
    window: createPublishWindow(config.windowRunsMax, options.lookSoon),
    firedRuns: new Map(),
    refused: createRefusedRuns(clock, limits),
    suspects: createSuspectShare(config),
    waits: false,
    answer,
  };
}

async function publishFired(state: QueueState): Promise<number> {
  const { window, firedRuns, lookSoon, context } = state;
  // A look may have met a run before its fire was answered.
  const runs = window.closed ? [] : [...firedRuns.values()].filter((run) => !window.holds(run));
  firedRuns.clear();
  const fitting = runs.slice(0, Math.max(0, window.room));
  const leads = context.leads();
  if (fitting.length < runs.length || !leads) lookSoon();
  if (fitting.length === 0 || !leads) return 0;
  if ((await send(state, fitting)) === "taken") return fitting.length;
  window.close(); // They wait in the store for the next look, as does what is fired meanwhile.
  return 0;
}

async function publishWaiting(state: QueueState): Promise<number> {
  if (!state.waits) return 0;
  state.waits = false;
  try {
    return await fillWindow(state);
  } catch (fault) {
    state.waits = true;
    throw fault;
  }
}

/** Claims make no room before the next look: the count before it may have known of them already. */
async function fillWindow(state: QueueState): Promise<number> {
  const { context, window, refused, noteAll } = state;
  const { config, leads } = context;
  const room = window.room;
  const budget = { refusals: REFUSALS_MAX };
  let published = 0;
  while (published < room && leads()) {
    const most = Math.min(room - published, config.publishRunsMax);
    const limit = most + refused.size;
    await noteAll();
    const { runs, others, isAll } = await readWaiting(state, limit);
    if (!leads()) return published;
    if (isAll) refused.keep([...runs, ...others]);
    published += await publishFound(state, refused.without(runs).slice(0, most), budget);
    if (window.closed || isAll) return published;
  }
  if (leads()) window.full();
  return published;
}

/** What waits to be published. Suspects beyond their share are left out (`others`), and where they fill the page it is read without any. */
async function readWaiting({ context, queue, suspects }: QueueState, limit: number) {
  const { dueRuns, shard, config } = context;
  const found = await dueRuns.publishable({ shard, queue, limit });
  const { fitting, others } = suspects.divide(found);
  if (others.length === 0 || found.length < limit) return { runs: fitting, others, isAll: found.length < limit };
  const plain = await dueRuns.publishable({ shard, queue, limit, rescuesBelow: config.suspectRescuesMin });
  return { runs: [...fitting.filter(suspects.isSuspect), ...plain], others, isAll: plain.length < limit };
}

/** Batches and single runs that one look may have refused, before it leaves the rest to the next. */
const REFUSALS_MAX = 50;

/**
 * All or none, unless the bus refuses them for a reason that will not pass: then each half by itself, so that one run that cannot be
 * published hides no other.
 */
async function publishFound(state: QueueState, runs: readonly DueRun[], budget: { refusals: number }): Promise<number> {
  const { window, refused } = state;
  const [first] = runs;
  if (first === undefined || window.closed) return 0;
  const outcome = await send(state, runs);
  if (outcome === "taken") return runs.length;
  if (outcome === "refused" && runs.length === 1) refused.add(first);
  budget.refusals -= 1;
  if (outcome === "unavailable" || budget.refusals === 0) window.close();
  if (runs.length === 1) return 0;
  const middle = Math.ceil(runs.length / 2);
  return (await publishFound(state, runs.slice(0, middle), budget)) + (await publishFound(state, runs.slice(middle), budget));
}

/** `refused`: for a reason that will not pass, which may lie in one run of them. */
async function send(state: QueueState, runs: readonly DueRun[]): Promise<"taken" | "refused" | "unavailable"> {
  const { context, queue, window, suspects, note, answer } = state;
  const { bus, metrics, now, log } = context;
  const time = now();
  window.publishing(runs);
  try {
    const events = runs.map((run) => jobDue(run, time));
    await answer(bus.publish(dueTopic(queue), events));
  } catch (thrown) {
    const fault = toAppError(thrown, `publish to queue ${queue}`);
    window.unpublished(runs);
    log.warn(
      { err: fault, queue, runs: runs.length, first: runs[0]?.runId },
      "due runs were not published; the next look finds them again",
    );
    return fault.retryable ? "unavailable" : "refused";
  }
  // A crash before these are written publishes their runs again; the claim tells a repeat from the first.
  note(runs.filter(window.holds).map(({ runId, attempt }) => ({ runId, attempt, publishedAt: time })));
  suspects.published(runs);
  metrics.published.inc({ queue }, runs.length);
  return "taken";
}
