import { Gauge, type Registry } from "prom-client";
import type { Instant } from "../../domain/time/instant.ts";
import type { SetBack } from "./store-clock-state.ts";

export interface ObservedClock {
  readonly now: () => Instant;
  /** Null while decisions may be made by the store's clock. */
  readonly doubt: () => string | null;
  readonly setBack: () => SetBack | null;
  readonly offsetMs: () => number;
}

/** Read when metrics are collected. */
export function observeStoreClock(registry: Registry, clock: ObservedClock): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("tickline_store_time_offset_seconds", "How far the store's clock is ahead of this machine's.", () => clock.offsetMs() / 1_000);
  gauge("tickline_store_time_steady", "1 while things may be decided by the store's clock.", () => (clock.doubt() === null ? 1 : 0));
  gauge("tickline_store_time_set_back_seconds", "How far the store's clock is behind what was decided by; 0: it is not.", () =>
    behindSeconds(clock),
  );
}

function behindSeconds(clock: ObservedClock): number {
  const setBack = clock.setBack();
  return setBack === null ? 0 : (setBack.latest - clock.now()) / 1_000;
}
