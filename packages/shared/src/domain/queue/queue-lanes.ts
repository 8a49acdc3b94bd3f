/** One choice in this many ignores priority and goes round all queues, so that a busy queue never starves the others. */
const FAIR_TURN = 10;

/** One lane for each queue, in the priority of the queues. */
export interface QueueLanes<Lane> {
  /** The lane of a queue, made if there is none; a queue that was not named at first comes after all others. */
  of(queue: string): Lane;
  readonly all: readonly Lane[];
  /** The waiting queue to serve next: usually the first. */
  next(waits: (lane: Lane) => boolean): Lane | undefined;
  /** All waiting queues: the one to serve next, then the others by priority. */
  inTurn(waits: (lane: Lane) => boolean): readonly Lane[];
}

export function createQueueLanes<Lane>(queues: readonly string[], newLane: (queue: string) => Lane): QueueLanes<Lane> {
  const all: Lane[] = [];
  const byQueue = new Map<string, Lane>();
  let turn = 0;

  function of(queue: string): Lane {
    const known = byQueue.get(queue);
    if (known !== undefined) return known;
    const lane = newLane(queue);
    byQueue.set(queue, lane);
    all.push(lane);
    return lane;
  }
  /** The index of the queue to serve now. A choice with one waiting queue is not counted. */
  function takeTurn(count: number): number {
    if (count < 2) return 0;
    turn += 1;
    return turn % FAIR_TURN === 0 ? Math.floor(turn / FAIR_TURN) % count : 0;
  }
  for (const queue of queues) of(queue);
  return {
    of,
    all,
    next(waits) {
      // Called once for each handler that starts: it makes a list only when another queue is chosen.
      let first: Lane | undefined;
      let count = 0;
      for (const lane of all) {
        if (!waits(lane)) continue;
        if (count === 0) first = lane;
        count += 1;
      }
      const place = takeTurn(count);
      return place === 0 ? first : all.filter(waits)[place];
    },
    inTurn(waits) {
      const waiting = all.filter(waits);
      return [...waiting.splice(takeTurn(waiting.length), 1), ...waiting];
    },
  };
}
