import type { ClaimedRun } from "@tickline/shared/domain/due-run";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { AbandonableService } from "@tickline/shared/runtime/process-work";
import { runOfThisCode } from "./attempt/attempt-scope.ts";
import { createCancelHints } from "./attempt/cancel-subscription.ts";
import { createClaimer, type Claimer } from "./claim/claimer.ts";
import { createClockTrust } from "./clock-trust.ts";
import { createControlHints } from "./publish/control-hints.ts";
import { createDueConsumers } from "./intake/due-consumers.ts";
import { createDueInbox } from "./intake/due-inbox.ts";
import type { ExecutorContext } from "./executor-context.ts";
import { createHandlerPublication } from "./handlers/handler-publication.ts";
import { createJobWaits } from "./intake/full-jobs.ts";
import { createLeaseKeeper } from "./attempt/lease-keeper.ts";
import { createLocalWorkers } from "./claim/local-workers.ts";
import { oncePerTurn } from "./once-per-turn.ts";
import { createReportConsumer } from "./reports/report-consumer.ts";
import { createRunEvents } from "./publish/run-events.ts";
import { createRunningAttempts } from "./attempt/running-attempts.ts";
import { settledWithin } from "./shutdown/settled-within.ts";
import { createSettler } from "./settle/settler.ts";
import { createSuspectLane } from "./intake/quarantine.ts";
import type { WorkerPool } from "./claim/worker-pool.ts";

/** The executor from one start to the stop that follows. A new start is a new session. */
export interface ExecutorSession extends AbandonableService {
  readonly workers: LocalWorkers;
  readonly stuck: number;
  readonly unsettled: number;
  /** To be called when workers became free or the last was taken. */
  onPoolChange(): void;
}

const STILL_RUNNING = "handlers still run at the end of the executor; their runs are run again";

export function createExecutorSession(context: ExecutorContext, pool: WorkerPool): ExecutorSession {
  const parts = createParts(context, pool);
  const { attempts, claimer, consumers, heartbeat, publication, settler, state } = parts;
  const cancelHints = createCancelHints({ context, attempts: attempts.all, ask: heartbeat.renewNow });

  /** Nothing is claimed before all of it runs: a start that fails, again and again, would interrupt runs each time. */
  async function start(): Promise<void> {
    state.trust.start();
    await heartbeat.start();
    await publication.start();
    await Promise.all([cancelHints.start(), consumers.start(), parts.reports.start()]);
    state.open = !state.abandoned;
    parts.onPoolChange();
  }
  /**
   * Each step is bounded, and handlers wait for no topic that does not answer; what none of them brought to its end is found by its lease, and
   * run again.
   */
  async function stop(): Promise<void> {
    const { clock, config, log } = context;
    state.open = false;
    state.trust.stop();
    const unsubscribed = Promise.allSettled([consumers.stop(), parts.reports.stop()]);
    await settledWithin(clock, config.drainMs, parts.idle());
    if (state.abandoned) return; // A handler that is asked to end now would give its run back, as if nothing had happened.
    attempts.abortAll("shutdown");
    await settledWithin(clock, config.abortGraceMs, parts.idle());
    claimer.stop();
    await settledWithin(clock, config.flushMs, settler.flushed());
    if (state.abandoned) return;
    settler.stop();
    const rest = Promise.all([parts.events.flushed(), heartbeat.stop(), publication.stop(), cancelHints.stop(), unsubscribed]);
    await settledWithin(clock, config.flushMs, rest);
    attempts.deadlines.stop();
    if (attempts.all.size > 0) log.warn({ runs: [...attempts.all.keys()] }, STILL_RUNNING);
  }
  function abandon(): Promise<void> {
    state.open = false;
    state.abandoned = true;
    attempts.deadlines.stop();
    void heartbeat.stop(); // From here on the leases run out.
    settler.seal();
    return settler.flushed();
  }
  return {
    start,
    stop,
    abandon,
    work: () => ({ attempts: [...attempts.all.values()].map(({ claim }) => claim.run), running: runOfThisCode() }),
    workers: parts.workers,
    onPoolChange: parts.onPoolChange,
    get stuck() {
      return attempts.deadlines.stuck;
    },
    get unsettled() {
      return settler.count;
    },
  };
}

/** Makes the parts of a session and joins them: what is claimed is run, what has ended is settled, what is settled is said. */
function createParts(context: ExecutorContext, pool: WorkerPool) {
  const { config } = context;
  const state = { open: false, abandoned: false, trust: createClockTrust(context.time, () => pumpSoon()) };
  const idleness = createIdleness(pool);
  const blocked = (): boolean => !state.open || !state.trust.trusted || settler.count >= config.unsettledRunsMax;
  const pumpSoon = oncePerTurn(() => {
    claimer.pump();
    for (const queue of config.queues) consumers.setRoom(queue, pool.free(queue) > 0 && !blocked());
    workers.freed();
  });

  const inbox = createDueInbox(config.queues);
  const suspects = createSuspectLane(config.suspectRunsMax);
  const jobWaits = createJobWaits({ context, inbox, pool, onWaiting: pumpSoon });
  const events = createRunEvents(context);
  const saying = { context, events, hints: createControlHints(context) };
  const settler = createSettler({ ...saying, onWritten: pumpSoon });
  const attempts = createRunningAttempts({
    context,
    settler,
    events,
    onEnded(run) {
      suspects.ended(run.runId);
      jobWaits.freed(run);
      pool.release([run]);
    },
  });
  const onClaimed = (claims: readonly ClaimedRun[], sentAtMs: number): void =>
    state.open ? attempts.start(claims, sentAtMs) : attempts.release(claims);
  const claimer: Claimer = createClaimer({ ...saying, inbox, suspects, jobWaits, pool, attempts: attempts.all, blocked, onWon: onClaimed });
  const consumers = createDueConsumers({ context, inbox, suspects, onWaiting: pumpSoon });
  const cancel = (attempt: Parameters<typeof attempts.abort>[0]): void => attempts.abort(attempt, "cancelled");
  const workers = createLocalWorkers({ context, inbox, pool, blocked, onClaimed });
  return {
    state,
    attempts,
    claimer,
    consumers,
    events,
    settler,
    idle: idleness.idle,
    heartbeat: createLeaseKeeper({ context, attempts: attempts.all, unsettled: settler.leases, deadlines: attempts.deadlines, cancel }),
    publication: createHandlerPublication(context),
    reports: createReportConsumer(saying),
    workers,
    onPoolChange() {
      idleness.look();
      pumpSoon();
    },
  };
}

/** Tells when no worker is busy or reserved any more. */
function createIdleness(pool: WorkerPool) {
  let waiting: PromiseWithResolvers<void> | null = null;
  return {
    look() {
      if (pool.busy > 0) return;
      waiting?.resolve();
      waiting = null;
    },
    idle(): Promise<void> {
      if (pool.busy === 0) return Promise.resolve();
      waiting ??= Promise.withResolvers();
      return waiting.promise;
    },
  };
}
