import { backoffMs } from "../../domain/time/backoff.ts";
import type { TicklineEvent } from "../../events/event.ts";
import type { RefusedEvent, SubscribeRequest } from "../../ports/bus.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

export interface MemberLimits {
  /** Times a rejected batch is delivered again before it is given up. */
  readonly redeliveriesMax: number;
  /** Wait before the first redelivery, in milliseconds; it doubles with each. */
  readonly redeliverMs: number;
}

export interface MemberOptions {
  readonly clock: Clock;
  readonly limits: MemberLimits;
  readonly onBatch: SubscribeRequest["onBatch"];
  /** Called with the events of a batch that `onBatch` refused. */
  readonly onRefused: (refused: readonly RefusedEvent[]) => void;
  /** Called when the member may take another batch. */
  readonly onFree: () => void;
  /** Called with a batch that was rejected too often. */
  readonly onGivenUp: (batch: Batch) => void;
}

/** Events handed to a member, and the way back for those it did not acknowledge. */
export interface Batch {
  readonly events: readonly TicklineEvent[];
  readonly putBack: () => void;
}

/** One subscription: takes a batch at a time, and the next only when that one is acknowledged or given up. */
export interface Member {
  readonly free: boolean;
  deliver(batch: Batch): void;
  pause(): void;
  resume(): void;
  /** Resolves once `onBatch` is not running; what was in hand and not acknowledged is put back. */
  stop(): Promise<void>;
}

export function createMember({ clock, limits, onBatch, onRefused, onFree, onGivenUp }: MemberOptions): Member {
  let paused = false;
  let stopped = false;
  let inHand: Batch | null = null;
  let tries = 0;
  let running: Promise<void> | null = null;
  let redelivery: Timer | null = null;
  /** A redelivery that came due during a pause: it waits for `resume`. */
  let held = false;

  function attempt(): void {
    redelivery = null;
    held = paused;
    if (inHand !== null && !paused && !stopped) running = run(inHand);
  }
  async function run(batch: Batch): Promise<void> {
    // Calling it from an async function turns a synchronous throw into the rejection that it means.
    const answer = await (async () => onBatch(batch.events))().then(
      (refused) => refused ?? [],
      () => null,
    );
    const accepted = answer !== null;
    running = null;
    if (accepted && answer.length > 0) onRefused(answer);
    if (!accepted && tries < limits.redeliveriesMax) {
      if (!stopped) redelivery = clock.setTimer(backoffMs(tries + 1, limits.redeliverMs, Infinity), attempt);
      tries += 1;
      return;
    }
    if (!accepted) onGivenUp(batch);
    inHand = null;
    if (!stopped) onFree();
  }
  return {
    get free() {
      return inHand === null && !paused && !stopped;
    },
    deliver(batch) {
      inHand = batch;
      tries = 0;
      attempt();
    },
    pause() {
      paused = true;
    },
    resume() {
      if (!paused) return;
      paused = false;
      if (held) attempt();
      else if (!stopped) onFree();
    },
    async stop() {
      stopped = true;
      redelivery?.cancel();
      await running;
      inHand?.putBack();
      inHand = null;
    },
  };
}
