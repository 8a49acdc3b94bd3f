import type { DueRun } from "@tickline/shared/domain/due-run";
import { createQueueLanes } from "@tickline/shared/domain/queue-lanes";
import type { RefusedRun } from "./due-run-check.ts";
import { createJobLane, type Admission, type JobLane } from "./held-runs.ts";

/** Runs of one queue, to be answered for together. */
export interface DuePart {
  readonly runs: readonly DueRun[];
  /** To be called when the store has answered for them, with those of which it refuses what their messages say. */
  readonly answered: (refused?: readonly RefusedRun[]) => void;
}

/** Each run stands in one of the two; both may be empty. */
export interface TakenRuns {
  /** They have got their workers. */
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

/** Batches of due runs that consumers have in hand, until the store has answered for each run of them; by queue, so that none holds up another. */
export interface DueInbox {
  /** Resolves when every run is answered for, with those that are refused; rejects when the executor stops first. */
  put(queue: string, runs: readonly DueRun[]): Promise<readonly RefusedRun[]>;
  /** At most `count` runs of the queue whose turn it is, of those that have room; null: none of these waits. */
  take(count: number, workers: Workers): TakenRuns | null;
  /** Lets a run that is answered for wait until its job has a worker for it. False: so many of its job wait already. */
  hold(run: DueRun, ofJobMax: number): boolean;
  /** Runs of this queue that wait, but for those that are held. */
  waiting(queue: string): number;
  /** Gives back what was not taken. */
  refuse(fault: Error): void;
}

interface InHand {
  readonly runs: readonly DueRun[];
  taken: number;
  unanswered: number;
  readonly refused: RefusedRun[];
  readonly done: PromiseWithResolvers<readonly RefusedRun[]>;
}

interface QueueInbox {
  readonly queue: string;
  readonly batches: InHand[];
  readonly held: JobLane;
  waiting: number;
}

const newInbox = (queue: string): QueueInbox => ({ queue, batches: [], held: createJobLane(), waiting: 0 });

const NOTHING: DuePart = { runs: [], answered: () => undefined };

export function createDueInbox(queues: readonly string[]): DueInbox {
  const inboxes = createQueueLanes(queues, newInbox);

  function next({ hasRoom, isJobFull }: Workers): QueueInbox | undefined {
    const isFree = (run: DueRun): boolean => !isJobFull(run);
    return inboxes.next(({ queue, batches, held }) => hasRoom(queue) && (batches.length > 0 || held.has(isFree)));
  }
  return {
    put(queue, runs) {
      if (runs.length === 0) return Promise.resolve([]);
      const inbox = inboxes.of(queue);
      const batch: InHand = { runs, taken: 0, unanswered: runs.length, refused: [], done: Promise.withResolvers() };
      inbox.batches.push(batch);
      inbox.waiting += runs.length;
      return batch.done.promise;
    },
    take(count, workers) {
      const inbox = count > 0 ? next(workers) : undefined;
      if (inbox === undefined) return null;
      const runs = inbox.held.take(count, workers.admit); // They came before the others of their queue.
      return runs.length > 0 ? { claimable: { ...NOTHING, runs }, jobFull: NOTHING } : takeFrom(inbox, count, workers);
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

function takeFrom(inbox: QueueInbox, count: number, { admit }: Workers): TakenRuns {
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
    else answered(batch, 1, []);
  }
  inbox.waiting -= batch.taken - from;
  if (batch.taken === batch.runs.length) inbox.batches.shift();
  return { claimable: partOf(batch, claimable), jobFull: partOf(batch, jobFull) };
}

const partOf = (batch: InHand, runs: readonly DueRun[]): DuePart =>
  runs.length === 0 ? NOTHING : { runs, answered: (refused = []) => answered(batch, runs.length, refused) };

function answered(batch: InHand, count: number, refused: readonly RefusedRun[]): void {
  batch.unanswered -= count;
  batch.refused.push(...refused);
  if (batch.unanswered === 0) batch.done.resolve(batch.refused);
}
