import type { Clock } from "@tickline/shared/ports/clock";

export interface ReplayRateLimits {
  /** Parts that one client gets at once when it has had none for a while. */
  readonly streamReplayPartsMax: number;
  /** After those, one part each of these. */
  readonly streamReplayEveryMs: number;
}

/** How fast clients are given again what they missed: each by itself, over all its streams, so that coming back in a loop gains nothing. */
export interface ReplayRate {
  /** Takes a part for the client if it may have one now: 0. Else how long it has to wait. */
  takeOrWaitMs(client: string): number;
}

/** Clients remembered; those that may have all their parts again need not be. */
const CLIENTS_MAX = 1_000;

export function createReplayRate(clock: Clock, { streamReplayPartsMax, streamReplayEveryMs }: ReplayRateLimits): ReplayRate {
  const usedUpUntilMs = new Map<string, number>(); // The generic cell rate algorithm: one number for each client.
  return {
    takeOrWaitMs(client) {
      const nowMs = clock.monotonicMs();
      const untilMs = Math.max(nowMs, usedUpUntilMs.get(client) ?? 0);
      const waitMs = untilMs - nowMs - (streamReplayPartsMax - 1) * streamReplayEveryMs;
      if (waitMs > 0) return waitMs;
      usedUpUntilMs.set(client, untilMs + streamReplayEveryMs);
      if (usedUpUntilMs.size > CLIENTS_MAX) forgetRested(usedUpUntilMs, nowMs);
      return 0;
    },
  };
}

function forgetRested(usedUpUntilMs: Map<string, number>, nowMs: number): void {
  for (const [client, untilMs] of usedUpUntilMs) if (untilMs <= nowMs) usedUpUntilMs.delete(client);
}
