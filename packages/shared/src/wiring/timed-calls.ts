import { Histogram, type Registry } from "prom-client";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store/store.ts";

export interface TimedCallsOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly metrics: Registry;
}

const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 20];

/** The same store, with the time of each call measured, faults included. A call is a batch, so the cost for a run is very small. */
export function timedStore(store: Store, { clock, metrics }: TimedCallsOptions): Store {
  const seconds = new Histogram({
    name: "tickline_store_call_seconds",
    help: "From asking the store to its answer, by port and method. A call is one batch.",
    labelNames: ["call"],
    buckets: BUCKETS,
    registers: [metrics],
  });
  const timed = (port: object, prefix: string): object =>
    Object.fromEntries(
      Object.entries(port).map(([name, member]: [string, unknown]) => {
        if (typeof member === "function") return [name, timedCall(clock, seconds.labels({ call: prefix + name }), member as Call)];
        return [name, typeof member === "object" && member !== null ? timed(member, `${name}.`) : member];
      }),
    );
  // Ports are plain objects of methods; each is replaced by one that does the same. `refusal` answers at once.
  return { ...(timed(store, "") as Store), ...(store.refusal && { refusal: store.refusal }) };
}

/** The same bus, with the time of each acknowledgement measured, including the wait for earlier sends. */
export function timedBus(bus: Bus, { clock, metrics }: TimedCallsOptions): Bus {
  const seconds = new Histogram({
    name: "tickline_bus_publish_seconds",
    help: "From publishing a batch of events to its acknowledgement, by topic.",
    labelNames: ["topic"],
    buckets: BUCKETS,
    registers: [metrics],
  });
  return { ...bus, publish: (topic, events) => timedCall(clock, seconds.labels({ topic }), bus.publish)(topic, events) };
}

type Call<Args extends readonly unknown[] = readonly unknown[]> = (...args: Args) => Promise<unknown>;

function timedCall<Args extends readonly unknown[], Answer>(
  clock: Pick<Clock, "monotonicMs">,
  seconds: Pick<Histogram.Internal<string>, "observe">,
  call: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  return async (...args) => {
    const sinceMs = clock.monotonicMs();
    try {
      return await call(...args);
    } finally {
      seconds.observe((clock.monotonicMs() - sinceMs) / 1_000);
    }
  };
}
