import type { Clock } from "@tickline/shared/ports/clock";

export interface ReplayRateLimits {
  /** Parts that one client gets at once if it has had none for a while. */
  readonly streamReplayPartsMax: number;
  /** After those, the interval between two parts. */
  readonly streamReplayEveryMs: number;
}

/** How fast a client receives missed events, over all its streams, so that reconnecting in a loop gains nothing. */
export interface ReplayRate {
  /** 0: the client may have a part now, and it is counted. Otherwise the time that it has to wait. */
  takeOrWaitMs(client: string): number;
}

/** Clients that are remembered. A client that may have all its parts again need not be. */
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
