import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** What the scheduler counts. Observed in bulk on the hot path. */
export interface SchedulerMetrics {
  readonly latenessSeconds: Histogram;
  readonly fires: Counter<"outcome">;
  readonly published: Counter<"queue">;
  readonly window: Gauge<"queue" | "range">;
  readonly withoutHandler: Gauge<"queue" | "range">;
  readonly woken: Counter;
  readonly rescued: Counter;
  readonly setAside: Gauge<"range">;
  readonly leading: Gauge<"range">;
  readonly alive: Gauge;
  /** Jobs that were ahead of a clock that was set back, by outcome. */
  readonly setBackJobs: Counter<"outcome">;
}

export function createSchedulerMetrics(registry: Registry): SchedulerMetrics {
  const registers = [registry];
  return {
    latenessSeconds: new Histogram({
      name: "tickline_fire_lateness_seconds",
      help: "From the nominal instant of a run to the durable fire that created it.",
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60],
      registers,
    }),
    fires: new Counter({
      name: "tickline_fires_total",
      help: "Fires by outcome of their compare-and-set.",
      labelNames: ["outcome"],
      registers,
    }),
    published: new Counter({
      name: "tickline_published_total",
      help: "JobDue events published, repeats included.",
      labelNames: ["queue"],
      registers,
    }),
    window: new Gauge({
      name: "tickline_unclaimed_runs",
      help: "Published runs that no executor has claimed yet, of the shards this process leads.",
      labelNames: ["queue", "range"],
      registers,
    }),
    withoutHandler: new Gauge({
      name: "tickline_queue_without_handler",
      help: "1 while runs of the queue wait for a handler that the executors which received them do not have.",
      labelNames: ["queue", "range"],
      registers,
    }),
    woken: new Counter({
      name: "tickline_woken_total",
      help: "Runs made publishable again: retries, repeats, runs whose handler some executor has now.",
      registers,
    }),
    rescued: new Counter({ name: "tickline_rescued_total", help: "Attempts taken from executors that failed.", registers }),
    setAside: new Gauge({
      name: "tickline_jobs_set_aside",
      help: "Jobs that this process cannot fire, such as those of an unknown time zone, of the shards it leads.",
      labelNames: ["range"],
      registers,
    }),
    leading: new Gauge({
      name: "tickline_leading",
      help: "1 while this process leads the shard, a range of slots.",
      labelNames: ["range"],
      registers,
    }),
    setBackJobs: new Counter({
      name: "tickline_set_back_jobs_total",
      help: "Jobs that were ahead of the store's clock after it was set back: moved back, or waiting until it reaches their instants.",
      labelNames: ["outcome"],
      registers,
    }),
    alive: new Gauge({ name: "tickline_schedulers", help: "Schedulers that share the shards, as this one counts them.", registers }),
  };
}
