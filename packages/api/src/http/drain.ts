import type { Clock } from "@tickline/shared/ports/clock";

export interface Drain {
  /** True from the first signal of a stop: `/readyz` reports it, and each answer closes its connection. */
  begun(): boolean;
  /** True once new requests are refused. */
  closed(): boolean;
  /** Requests are served as before until `close`. */
  begin(): void;
  /** Serves for `noticeMs` more, then refuses new requests, and waits for those in progress, for `drainMsMax` at most. */
  close(noticeMs: number): Promise<void>;
  /** For a start after a stop. */
  reset(): void;
}

export interface DrainOptions {
  readonly clock: Clock;
  readonly drainMsMax: number;
  /** The number of requests whose answers are not complete. */
  readonly underWay: () => number;
  /** Called once when a stop is announced. */
  readonly onBegun: () => void;
  /** Called when new requests are refused from now on. */
  readonly onClosed: () => void;
}

/** Interval of the check whether all requests are answered. */
const LOOK_MS = 20;

/** The end of serving, in two steps: first the stop is announced, then new requests are refused. */
export function createDrain({ clock, drainMsMax, underWay, onBegun, onClosed }: DrainOptions): Drain {
  let state: "serving" | "announced" | "closed" = "serving";
  const passed = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

  const begin = (): void => {
    if (state !== "serving") return;
    state = "announced";
    onBegun();
  };
  return {
    begun: () => state !== "serving",
    closed: () => state === "closed",
    begin,
    async close(noticeMs) {
      begin();
      if (noticeMs > 0) await passed(noticeMs);
      state = "closed";
      onClosed();
      const untilMs = clock.monotonicMs() + drainMsMax;
      while (underWay() > 0 && clock.monotonicMs() < untilMs) await passed(LOOK_MS);
    },
    reset: () => void (state = "serving"),
  };
}
