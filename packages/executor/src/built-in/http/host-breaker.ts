import type { Clock } from "@tickline/shared/ports/clock";

/**
 * Stops requests to a host that cannot be reached: each would hold a worker until it cannot connect. After `failuresMax` requests in a row that no answer
 * came to, requests fail at once for `pauseMs`. Then one is sent, and its end decides.
 */
export interface HostBreaker {
  /** 0: the request may be sent, and one of the two below has to be called at its end. Else the milliseconds until one may be sent. */
  begin(host: string): number;
  /** An answer came, whatever it said. True: the host was paused until now. */
  onAnswer(host: string): boolean;
  /** No answer came. True: the host is paused from now on. */
  onFailure(host: string): boolean;
  /** The request was ended by its job or by this process, which says nothing about the host. */
  onAbandoned(host: string): void;
}

export interface HostBreakerLimits {
  readonly failuresMax: number;
  readonly pauseMs: number;
}

interface FailingHost {
  failures: number;
  /** Until when no request is sent; null: requests are sent. By the monotonic clock. */
  pausedUntilMs: number | null;
  /** The request after a pause is on its way. */
  probing: boolean;
}

/** Hosts that failed lately and are remembered; of more, the oldest are forgotten. */
const HOSTS_MAX = 1_000;

export function createHostBreaker(clock: Pick<Clock, "monotonicMs">, { failuresMax, pauseMs }: HostBreakerLimits): HostBreaker {
  /** Only hosts whose last request failed. */
  const failing = new Map<string, FailingHost>();

  function find(host: string): FailingHost {
    const known = failing.get(host);
    if (known !== undefined) return known;
    const [oldest] = failing.size >= HOSTS_MAX ? failing.keys() : [];
    if (oldest !== undefined) failing.delete(oldest);
    const added = { failures: 0, pausedUntilMs: null, probing: false };
    failing.set(host, added);
    return added;
  }
  return {
    begin(host) {
      const state = failing.get(host);
      if (state === undefined || state.pausedUntilMs === null) return 0;
      const restMs = state.pausedUntilMs - clock.monotonicMs();
      if (restMs > 0) return restMs;
      if (state.probing) return pauseMs;
      state.probing = true;
      return 0;
    },
    onAnswer(host) {
      const state = failing.get(host);
      return state !== undefined && failing.delete(host) && state.pausedUntilMs !== null;
    },
    onFailure(host) {
      const state = find(host);
      state.failures += 1;
      state.probing = false;
      if (state.failures < failuresMax) return false;
      const isPaused = state.pausedUntilMs !== null;
      state.pausedUntilMs = clock.monotonicMs() + pauseMs;
      return !isPaused;
    },
    onAbandoned(host) {
      const state = failing.get(host);
      if (state !== undefined) state.probing = false;
    },
  };
}
