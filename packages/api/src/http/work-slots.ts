import type { Clock } from "@tickline/shared/ports/clock";

/** Limits how many requests are processed at once, and for how long in one turn of the event loop. Other requests wait, and begin in the order in which they arrived. */
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
  /** After requests have kept the event loop busy for this long, other work comes first, including probes. */
  readonly turnMsMax: number;
}

/** A turn of the event loop accepts one connection, and a request needs some turns from there to its answer. Empty turns take microseconds. */
const TURNS_OF_OTHERS = 50;

/** A read of a store in this process never waits. Without a limit, a turn would last as long as requests arrive. */
export function createWorkSlots({ clock, limits: { requestsAtOnceMax, turnMsMax } }: WorkSlotsOptions): WorkSlots {
  const waiting = new Set<() => void>(); // A set keeps the order of insertion.
  const turns = createWorkTurns(clock, turnMsMax);
  let busy = 0;
  let isReleasing = false;

  /** Starts one request in each turn: its synchronous work is done before the next one starts. */
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

/** Measures the time of turns with work, minus the time since then without work. Above a limit other work comes first. */
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
