import type { Clock } from "../ports/clock.ts";

export interface TimeLimit {
  readonly clock: Clock;
  /** Milliseconds, by the monotonic clock. */
  readonly ms: number;
  /** What it rejects with when the time is over. */
  readonly late: () => Error;
}

/** Returns the answer, or rejects with its fault, unless it comes too late. A late result is ignored. */
export async function within<Answer>(answer: Promise<Answer>, { clock, ms, late }: TimeLimit): Promise<Answer> {
  const over = Promise.withResolvers<never>();
  const timer = clock.setTimer(ms, () => over.reject(late()));
  return Promise.race([answer, over.promise]).finally(() => timer.cancel());
}
