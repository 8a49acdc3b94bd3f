import { Gauge, type Registry } from "prom-client";
import type { StoreClock } from "./store-clock.ts";

export interface ObservedClock {
  readonly storeClock: Pick<StoreClock, "now" | "doubt" | "setBack">;
  readonly offsetMs: () => number;
}

/** Read when metrics are collected. */
export function observeStoreClock(registry: Registry, { storeClock, offsetMs }: ObservedClock): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("tickline_store_time_offset_seconds", "How far the store's clock is ahead of this machine's.", () => offsetMs() / 1_000);
  gauge("tickline_store_time_steady", "1 while things may be decided by the store's clock.", () => (storeClock.doubt() === null ? 1 : 0));
  gauge("tickline_store_time_set_back_seconds", "How far the store's clock is behind what was decided by; 0: it is not.", () =>
    behindSeconds(storeClock),
  );
}

function behindSeconds(storeClock: Pick<StoreClock, "now" | "setBack">): number {
  const setBack = storeClock.setBack();
  return setBack === null ? 0 : (setBack.latest - storeClock.now()) / 1_000;
}
