import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Fifo } from "@tickline/shared/domain/fifo";
import { createPriorityFifos, type PriorityFifos } from "@tickline/shared/domain/queue/priority";
import { createQueueLanes } from "@tickline/shared/domain/queue/queue-lanes";
import { createHeldRuns, type Admission, type HeldRuns } from "./held-runs.ts";

/** A run whose message the store contradicts, with the reason. It must not be executed by this message. */
export interface RefusedRun {
  readonly run: DueRun;
  readonly reason: string;
}

/** Runs of one queue that are answered together. */
export interface DuePart {
  readonly runs: readonly DueRun[];
  /** To be called when the store has answered for them, with those that it refuses. */
  readonly answered: (refused?: readonly RefusedRun[]) => void;
}

/** Each run is in one of the two; both may be empty. */
export interface TakenRuns {
  /** Each has its worker. */
  readonly claimable: DuePart;
  /** Their jobs hold as many workers as they may. */
  readonly jobFull: DuePart;
}

export interface Workers {
  /** True while a worker is free for the queue. */
  hasRoom(queue: string): boolean;
  isJobFull(run: DueRun): boolean;
  admit(run: DueRun): Admission;
}

/** Received batches of due runs, until the store has answered for each of their runs; one inbox for each queue, so that queues do not wait for each other. */
export interface DueInbox {
  /** Resolves when every run is answered, with those that are refused; rejects when the executor stops first. */
  put(queue: string, runs: readonly DueRun[]): Promise<readonly RefusedRun[]>;
  /**
   * At most `count` runs of the queue whose turn it is, of the queues that have room; null: none of these has runs. They are of one batch, and no
   * run of a higher priority waits in the queue.
   */
  take(count: number, workers: Workers): TakenRuns | null;
  /** Holds a run that is answered until its job has a worker for it. False: so many of its job are held already. */
  hold(run: DueRun, ofJobMax: number): boolean;
  /** Runs of this queue, of this priority or a higher one, that were received and not taken, without those that are held. */
  waiting(queue: string, priorityMin?: number): number;
  /** Rejects the batches of all runs that were not taken. */
  refuse(fault: Error): void;
}

interface Batch {
  unanswered: number;
  readonly refused: RefusedRun[];
  readonly done: PromiseWithResolvers<readonly RefusedRun[]>;
}

interface ReceivedRun {
  readonly run: DueRun;
  readonly batch: Batch;
}

interface QueueInbox {
  readonly queue: string;
  readonly received: PriorityFifos<ReceivedRun>;
  readonly held: HeldRuns;
}

const NOTHING: DuePart = { runs: [], answered: () => undefined };

export function createDueInbox(queues: readonly string[]): DueInbox {
  const inboxes = createQueueLanes(queues, (queue): QueueInbox => ({ queue, received: createPriorityFifos(), held: createHeldRuns() }));

  function next({ hasRoom, isJobFull }: Workers): QueueInbox | undefined {
    const isFree = (run: DueRun): boolean => !isJobFull(run);
    return inboxes.next(({ queue, received, held }) => hasRoom(queue) && (received.count() > 0 || held.has(isFree)));
  }
  return {
    put(queue, runs) {
      if (runs.length === 0) return Promise.resolve([]);
      const { received } = inboxes.of(queue);
      const batch: Batch = { unanswered: runs.length, refused: [], done: Promise.withResolvers() };
      for (const run of runs) received.add({ run, batch }, run.priority);
      return batch.done.promise;
    },
    take(count, workers) {
      const inbox = count > 0 ? next(workers) : undefined;
      if (inbox === undefined) return null;
      const first = inbox.received.levels.find(({ size }) => size > 0);
      // They came before the others of their priority.
      const runs = inbox.held.take(count, workers.admit, first?.first()?.run.priority);
      if (runs.length > 0) return { claimable: { ...NOTHING, runs }, jobFull: NOTHING };
      return first === undefined ? { claimable: NOTHING, jobFull: NOTHING } : takeReceived(first, count, workers);
    },
    hold: (run, ofJobMax) => inboxes.of(run.queue).held.add(run, ofJobMax),
    waiting: (queue, priorityMin) => inboxes.of(queue).received.count(priorityMin),
    refuse(fault) {
      for (const level of inboxes.all.flatMap(({ received }) => received.levels))
        for (let next = level.shift(); next !== undefined; next = level.shift()) next.batch.done.reject(fault);
    },
  };
}

function takeReceived(level: Fifo<ReceivedRun>, count: number, { admit }: Workers): TakenRuns {
  const { batch } = level.first() as ReceivedRun;
  const claimable: DueRun[] = [];
  const jobFull: DueRun[] = [];
  for (let next = level.first(), left = count; next?.batch === batch && left > 0; next = level.first(), left -= 1) {
    const admission = admit(next.run);
    if (admission === "queue_full") break;
    level.shift();
    if (admission === "claim") claimable.push(next.run);
    else if (admission === "job_full") jobFull.push(next.run);
    else answer(batch, 1, []);
  }
  return { claimable: toPart(batch, claimable), jobFull: toPart(batch, jobFull) };
}

const toPart = (batch: Batch, runs: readonly DueRun[]): DuePart =>
  runs.length === 0 ? NOTHING : { runs, answered: (refused = []) => answer(batch, runs.length, refused) };

function answer(batch: Batch, count: number, refused: readonly RefusedRun[]): void {
  batch.unanswered -= count;
  batch.refused.push(...refused);
  if (batch.unanswered === 0) batch.done.resolve(batch.refused);
}
