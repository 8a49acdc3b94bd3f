import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { AbandonableService } from "@tickline/shared/runtime/service/process-work";
import { currentRun } from "./attempt/attempt-scope.ts";
import { createCancelSubscription } from "./attempt/cancel-subscription.ts";
import { createLeaseKeeper } from "./attempt/lease-keeper.ts";
import { createRunningAttempts } from "./attempt/running-attempts.ts";
import { createClaimer, type Claimer } from "./claim/claimer.ts";
import type { WorkerPool } from "./claim/worker-pool.ts";
import type { ExecutorContext } from "./executor-context.ts";
import { createHandlerPublication } from "./handlers/handler-publication.ts";
import { createDueConsumers } from "./intake/due-consumers.ts";
import { createDueInbox } from "./intake/due-inbox.ts";
import { createFullJobs } from "./intake/full-jobs.ts";
import { createQuarantine } from "./intake/quarantine.ts";
import { oncePerTurn } from "./once-per-turn.ts";
import { createControlHints } from "./publish/control-hints.ts";
import { createRunEvents } from "./publish/run-events.ts";
import { createReportConsumer } from "./reports/take-reports.ts";
import { createSettler } from "./settle/settler.ts";
import { drain } from "./shutdown/drain.ts";

/** The executor from one start to the stop that follows. A new start makes a new session. */
export interface ExecutorSession extends AbandonableService {
  /** Starts runs that a fire claimed. */
  startClaimed(claims: readonly ClaimedRun[], sentAtMs: number): void;
  /** True while nothing may be claimed. */
  blocked(): boolean;
  /** Published runs of this queue, of this priority or a higher one, that wait to be claimed. */
  waiting(queue: string, priorityMin?: number): number;
  readonly stuck: number;
  readonly unsettled: number;
  /** To be called when workers became free, or the last one of a queue was taken. */
  onPoolChange(): void;
}

export interface SessionOptions {
  readonly context: ExecutorContext;
  readonly pool: WorkerPool;
  /** Called, at most once a turn of the event loop, when workers may have become free. */
  readonly onFree: () => void;
}

interface SessionState {
  open: boolean;
  abandoned: boolean;
  /** Kept here, because it is asked for every run that is claimed. */
  clockTrusted: boolean;
}

export function createExecutorSession(options: SessionOptions): ExecutorSession {
  const { context, pool } = options;
  const state: SessionState = { open: false, abandoned: false, clockTrusted: false };
  const parts = createParts(options, state);
  const { attempts, consumers, reports, heartbeat, publication, cancels, settler, pumpSoon } = parts;
  let unwatchClock = (): void => {};

  function checkClock(): void {
    state.clockTrusted = context.time.doubt() === null;
  }
  /** Nothing is claimed before everything runs: a start that fails again and again would interrupt runs each time. */
  async function start(): Promise<void> {
    checkClock();
    unwatchClock = context.time.watch(() => {
      checkClock();
      pumpSoon();
    });
    await heartbeat.start();
    await publication.start();
    await Promise.all([cancels, consumers, reports].map((part) => part.start()));
    state.open = !state.abandoned;
    pumpSoon();
  }
  async function stop(): Promise<void> {
    state.open = false;
    unwatchClock();
    const sources = [consumers, reports];
    const services = [heartbeat, publication, cancels];
    await drain({ ...parts, context, pool, sources, services, abandoned: () => state.abandoned });
  }
  function abandon(): Promise<void> {
    state.open = false;
    state.abandoned = true;
    attempts.stopWatching();
    void heartbeat.stop(); // From here on no lease is renewed.
    settler.seal();
    return settler.flushed();
  }
  return {
    start,
    stop,
    abandon,
    work: () => ({ attempts: [...attempts.all.values()].map(({ claim }) => claim.run), running: currentRun() }),
    startClaimed: attempts.start,
    blocked: parts.blocked,
    waiting: parts.inbox.waiting,
    onPoolChange: pumpSoon,
    get stuck() {
      return attempts.deadlines.stuck;
    },
    get unsettled() {
      return settler.count;
    },
  };
}

/** Makes the parts of a session and connects them: what is claimed is run, what has ended is settled, what is settled is published. */
function createParts({ context, pool, onFree }: SessionOptions, state: SessionState) {
  const { config } = context;
  const blocked = (): boolean => !state.open || !state.clockTrusted || settler.count >= config.unsettledRunsMax;
  const pumpSoon = oncePerTurn(() => {
    claimer.pump();
    for (const queue of config.queues) consumers.setRoom(queue, pool.free(queue) > 0 && !blocked());
    onFree();
  });

  const inbox = createDueInbox(config.queues);
  const quarantine = createQuarantine(config.quarantineRunsMax);
  const fullJobs = createFullJobs({ context, inbox, pool, onWaiting: pumpSoon });
  const consumers = createDueConsumers({ context, inbox, quarantine, onWaiting: pumpSoon });
  const events = createRunEvents(context);
  const publishing = { context, events, hints: createControlHints(context) };
  const settler = createSettler({ ...publishing, onWritten: pumpSoon });
  const attempts = createRunningAttempts({
    context,
    settler,
    events,
    isOpen: () => state.open,
    onEnded(run) {
      quarantine.onEnded(run.runId);
      fullJobs.onRelease(run);
      pool.release([run]);
    },
  });
  const { all, deadlines } = attempts;
  const claiming = { inbox, quarantine, fullJobs, pool, attempts: all, blocked, onWon: attempts.start };
  const claimer: Claimer = createClaimer({ ...publishing, ...claiming });
  const heartbeat = createLeaseKeeper({
    context,
    attempts: all,
    unsettled: settler.leases,
    deadlines,
    cancel: (attempt) => attempts.abort(attempt, "cancelled"),
  });
  return {
    pumpSoon,
    blocked,
    inbox,
    consumers,
    claimer,
    attempts,
    settler,
    events,
    heartbeat,
    publication: createHandlerPublication(context),
    cancels: createCancelSubscription({ context, attempts: all, checkCancels: heartbeat.renewNow }),
    reports: createReportConsumer(publishing),
  };
}
