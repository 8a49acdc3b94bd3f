import type { Clock } from "@tickline/shared/ports/clock";

/** At most so many pieces of work at once, and for so long in one turn of the event loop; the others wait, and begin in the order they came. */
export interface WorkSlots {
  enter(): Promise<void>;
  leave(): void;
}

export interface WorkSlotsOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly limits: WorkLimits;
}

export interface WorkLimits {
  readonly requestsAtOnceMax: number;
  /** What has begun in one turn of the event loop for so long lets others have theirs, probes among them. */
  readonly turnMsMax: number;
}

/** A turn takes one new connection, and a request takes some turns from there to its answer. Empty turns take microseconds. */
const TURNS_OF_OTHERS = 50;

/** A read of a store in this process never waits, so turns would be as long as anybody asks for something. */
export function createWorkSlots({ clock, limits: { requestsAtOnceMax, turnMsMax } }: WorkSlotsOptions): WorkSlots {
  const waiting = new Set<() => void>(); // In the order of insertion.
  const turns = createWorkTurns(clock, turnMsMax);
  let busy = 0;
  let isReleasing = false;

  /** One each turn: what it does at once is done before the next. */
  function releaseSoon(): void {
    if (isReleasing || waiting.size === 0 || busy >= requestsAtOnceMax) return;
    isReleasing = true;
    setImmediate(() => {
      isReleasing = false;
      const [next] = waiting;
      if (next !== undefined && busy < requestsAtOnceMax && turns.mayBegin()) {
        waiting.delete(next);
        begin();
        next();
      } else turns.passed();
      releaseSoon();
    });
  }
  function begin(): void {
    busy += 1;
    turns.begun();
  }
  return {
    async enter() {
      if (busy < requestsAtOnceMax && waiting.size === 0 && turns.mayBegin()) return begin();
      const released = new Promise<void>((resolve) => void waiting.add(resolve));
      releaseSoon();
      await released;
    },
    leave() {
      busy -= 1;
      releaseSoon();
    },
  };
}

/** How long turns were that work was done in, less what has passed without since: above a limit others have theirs first. */
function createWorkTurns(clock: WorkSlotsOptions["clock"], turnMsMax: number) {
  let workMs = 0;
  let countedAtMs = 0;
  let turnSinceMs: number | null = null;
  let turnsOfOthers = 0;

  function endTurn(): void {
    const nowMs = clock.monotonicMs();
    workMs += nowMs - (turnSinceMs ?? nowMs);
    [turnSinceMs, countedAtMs] = [null, nowMs];
  }
  return {
    mayBegin(): boolean {
      const nowMs = clock.monotonicMs();
      if (turnSinceMs !== null) return workMs + nowMs - turnSinceMs < turnMsMax;
      workMs = Math.max(0, workMs - (nowMs - countedAtMs));
      countedAtMs = nowMs;
      return workMs < turnMsMax;
    },
    begun(): void {
      turnsOfOthers = 0;
      if (turnSinceMs !== null) return;
      turnSinceMs = clock.monotonicMs();
      setImmediate(endTurn);
    },
    passed(): void {
      turnsOfOthers += 1;
      if (turnsOfOthers >= TURNS_OF_OTHERS) workMs = 0;
    },
  };
}
