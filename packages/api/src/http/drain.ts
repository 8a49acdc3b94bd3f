import type { Clock } from "@tickline/shared/ports/clock";

export interface Drain {
  /** True from the first sign of a stop: `/readyz` says so, and clients are asked to go elsewhere. */
  begun(): boolean;
  /** True once nothing new is taken. */
  closed(): boolean;
  /** All is served as before until `close`. */
  begin(): void;
  /** Serves for `noticeMs` more, takes nothing new from then on, and waits for what is under way, for `drainMsMax` at most. */
  close(noticeMs: number): Promise<void>;
  /** For a start after a stop. */
  reset(): void;
}

export interface DrainOptions {
  readonly clock: Clock;
  readonly drainMsMax: number;
  /** Requests that are not answered whole. */
  readonly underWay: () => number;
  /** Called when nothing new is taken any more. */
  readonly onClosed: () => void;
}

/** How often it is looked whether all is answered. */
const LOOK_MS = 20;

/** The end of serving, in two steps: it is told, and then nothing more is taken. */
export function createDrain({ clock, drainMsMax, underWay, onClosed }: DrainOptions): Drain {
  let state: "serving" | "told" | "closed" = "serving";
  const passed = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

  const begin = (): void => {
    if (state === "serving") state = "told";
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
