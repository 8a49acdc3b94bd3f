import { backoffMs } from "../../domain/time/backoff.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Logger } from "../log/logger.ts";
import type { Service } from "./service.ts";

export interface LoopOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** One round of work. Returns how long to wait before the next, in milliseconds, or null to wait for `wake` alone. */
  readonly runOnce: () => Promise<number | null>;
  /** Wait after a round that threw: doubles from this up to `faultMsMax`. Default 100 ms and 5 s. */
  readonly faultMs?: number;
  readonly faultMsMax?: number;
}

export interface Loop extends Service {
  /** Runs a round as soon as the present one is over. Any number of calls meanwhile are one. */
  wake(): void;
}

/** The only place that waits between rounds. One round runs at a time; a fault is logged and the loop continues. */
export function createLoop({ name, clock, log, runOnce, faultMs = 100, faultMsMax = 5_000 }: LoopOptions): Loop {
  let running = false;
  let woken = false;
  let faults = 0;
  let timer: Timer | null = null;
  let round: Promise<void> | null = null;

  function begin(): void {
    timer?.cancel();
    timer = null;
    woken = false;
    round = one().then(next);
  }
  async function one(): Promise<number | null> {
    try {
      const waitMs = await runOnce();
      faults = 0;
      return waitMs;
    } catch (fault) {
      faults += 1;
      log.warn({ err: fault, loop: name, faults }, "round failed; it will be tried again");
      return backoffMs(faults, faultMs, faultMsMax);
    }
  }
  function next(waitMs: number | null): void {
    round = null;
    if (!running) return;
    if (woken && faults === 0) begin();
    else if (waitMs !== null) timer = clock.setTimer(waitMs, begin);
  }
  return {
    start() {
      if (!running) {
        running = true;
        if (round === null) begin();
      }
      return Promise.resolve();
    },
    wake() {
      woken = true;
      if (running && round === null && faults === 0) begin();
    },
    async stop() {
      running = false;
      timer?.cancel();
      timer = null;
      await round;
    },
  };
}
