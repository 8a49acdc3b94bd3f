import type { DueRun } from "@tickline/shared/domain/due-run";
import type { RefusedRun } from "./due-run-check.ts";

/** Runs of one queue, to be claimed together. */
export interface DuePart {
  readonly runs: readonly DueRun[];
  /** To be called when the store has answered for them, with those of which it refuses what their messages say. */
  readonly answered: (refused?: readonly RefusedRun[]) => void;
}

/** Batches of due runs that consumers have in hand, until the store has answered for each run of them. */
export interface DueInbox {
  /** Resolves when every run is answered for, with those that are refused; rejects when the executor stops first. */
  put(queue: string, runs: readonly DueRun[]): Promise<readonly RefusedRun[]>;
  /** At most `count` runs of the queue whose turn it is; null: none waits. */
  take(count: number): DuePart | null;
  readonly waiting: number;
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

/** One turn in so many goes to the queues behind the first, so that a busy one never starves them. */
const FAIR_TURN = 10;

export function createDueInbox(queues: readonly string[]): DueInbox {
  const inHand = new Map<string, InHand[]>(queues.map((queue) => [queue, []]));
  let waiting = 0;
  let turn = 0;

  function next(): InHand[] | null {
    const batches = queues.map((queue) => inHand.get(queue) ?? []).filter(({ length }) => length > 0);
    if (batches.length === 0) return null;
    turn += 1;
    return batches[turn % FAIR_TURN === 0 ? Math.floor(turn / FAIR_TURN) % batches.length : 0] ?? null;
  }
  function answered(batch: InHand, count: number, refused: readonly RefusedRun[]): void {
    batch.unanswered -= count;
    batch.refused.push(...refused);
    if (batch.unanswered === 0) batch.done.resolve(batch.refused);
  }
  return {
    put(queue, runs) {
      if (runs.length === 0) return Promise.resolve([]);
      const batch: InHand = { runs, taken: 0, unanswered: runs.length, refused: [], done: Promise.withResolvers() };
      inHand.get(queue)?.push(batch);
      waiting += runs.length;
      return batch.done.promise;
    },
    take(count) {
      const batches = count > 0 ? next() : null;
      const batch = batches?.[0];
      if (batches === null || batch === undefined) return null;
      const runs = batch.runs.slice(batch.taken, batch.taken + count);
      batch.taken += runs.length;
      waiting -= runs.length;
      if (batch.taken === batch.runs.length) batches.shift();
      return { runs, answered: (refused = []) => answered(batch, runs.length, refused) };
    },
    get waiting() {
      return waiting;
    },
    refuse(fault) {
      for (const batches of inHand.values()) for (const batch of batches.splice(0)) batch.done.reject(fault);
      waiting = 0;
    },
  };
}
