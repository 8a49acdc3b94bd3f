import type { DueRun } from "@tickline/shared/domain/due-run";
import { createQueueLanes } from "@tickline/shared/domain/queue-lanes";
import { createHeldRuns, type Admission, type HeldRuns } from "./held-runs.ts";

/** A run whose message the store contradicts, so that nobody may act on it, and why. */
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
  /** At most `count` runs of the queue whose turn it is, of the queues that have room; null: none of these has runs. */
  take(count: number, workers: Workers): TakenRuns | null;
  /** Holds a run that is answered until its job has a worker for it. False: so many of its job are held already. */
  hold(run: DueRun, ofJobMax: number): boolean;
  /** Runs of this queue that were received and not taken, without those that are held. */
  waiting(queue: string): number;
  /** Rejects the batches of all runs that were not taken. */
  refuse(fault: Error): void;
}

interface Batch {
  readonly runs: readonly DueRun[];
  taken: number;
  unanswered: number;
  readonly refused: RefusedRun[];
  readonly done: PromiseWithResolvers<readonly RefusedRun[]>;
}

interface QueueInbox {
  readonly queue: string;
  readonly batches: Batch[];
  readonly held: HeldRuns;
  waiting: number;
}

const NOTHING: DuePart = { runs: [], answered: () => undefined };

export function createDueInbox(queues: readonly string[]): DueInbox {
  const inboxes = createQueueLanes(queues, (queue): QueueInbox => ({ queue, batches: [], held: createHeldRuns(), waiting: 0 }));

  function next({ hasRoom, isJobFull }: Workers): QueueInbox | undefined {
    const isFree = (run: DueRun): boolean => !isJobFull(run);
    return inboxes.next(({ queue, batches, held }) => hasRoom(queue) && (batches.length > 0 || held.has(isFree)));
  }
  return {
    put(queue, runs) {
      if (runs.length === 0) return Promise.resolve([]);
      const inbox = inboxes.of(queue);
      const batch: Batch = { runs, taken: 0, unanswered: runs.length, refused: [], done: Promise.withResolvers() };
      inbox.batches.push(batch);
      inbox.waiting += runs.length;
      return batch.done.promise;
    },
    take(count, workers) {
      const inbox = count > 0 ? next(workers) : undefined;
      if (inbox === undefined) return null;
      const runs = inbox.held.take(count, workers.admit); // They came before the others of their queue.
      return runs.length > 0 ? { claimable: { ...NOTHING, runs }, jobFull: NOTHING } : takeReceived(inbox, count, workers);
    },
    hold: (run, ofJobMax) => inboxes.of(run.queue).held.add(run, ofJobMax),
    waiting: (queue) => inboxes.of(queue).waiting,
    refuse(fault) {
      for (const inbox of inboxes.all) {
        for (const batch of inbox.batches.splice(0)) batch.done.reject(fault);
        inbox.waiting = 0;
      }
    },
  };
}

function takeReceived(inbox: QueueInbox, count: number, { admit }: Workers): TakenRuns {
  const [batch] = inbox.batches;
  if (batch === undefined) return { claimable: NOTHING, jobFull: NOTHING };
  const claimable: DueRun[] = [];
  const jobFull: DueRun[] = [];
  const from = batch.taken;
  for (const run of batch.runs.slice(from, from + count)) {
    const admission = admit(run);
    if (admission === "queue_full") break;
    batch.taken += 1;
    if (admission === "claim") claimable.push(run);
    else if (admission === "job_full") jobFull.push(run);
    else answer(batch, 1, []);
  }
  inbox.waiting -= batch.taken - from;
  if (batch.taken === batch.runs.length) inbox.batches.shift();
  return { claimable: toPart(batch, claimable), jobFull: toPart(batch, jobFull) };
}

const toPart = (batch: Batch, runs: readonly DueRun[]): DuePart =>
  runs.length === 0 ? NOTHING : { runs, answered: (refused = []) => answer(batch, runs.length, refused) };

function answer(batch: Batch, count: number, refused: readonly RefusedRun[]): void {
  batch.unanswered -= count;
  batch.refused.push(...refused);
  if (batch.unanswered === 0) batch.done.resolve(batch.refused);
}
