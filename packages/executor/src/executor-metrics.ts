import type { AttemptResult } from "@tickline/shared/domain/run/settlement";
import type { ClaimOutcome } from "@tickline/shared/ports/runs/run-claims";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** The outcome of an attempt, as it is counted. `stale`: its result was refused, because its lease had ended. */
export type Outcome = AttemptResult["kind"] | "stale";

const OUTCOMES: readonly Outcome[] = ["succeeded", "failed", "cancelled", "retry", "released", "stale"];
const CLAIM_OUTCOMES: readonly ClaimOutcome["kind"][] = ["won", "lost", "skipped", "waiting", "refused"];

/** What the executor counts. What happens once a run is counted in bulk. */
export interface ExecutorMetrics {
  readonly settled: Readonly<Record<Outcome, Counter.Internal>>;
  readonly durationSeconds: Histogram;
  /** `refused`: the store contradicts a message, or the message cannot be about a run of its queue. */
  readonly claims: Readonly<Record<ClaimOutcome["kind"], Counter.Internal>>;
  /** `handler`: empty where several were in progress. */
  readonly loopHeldSeconds: Counter<"handler">;
  readonly unpublished: Counter;
  /** Reports of foreign executors. `lost`: another executor has the attempt, or it has ended; `skipped`: the claim closed the run. */
  readonly reports: Counter<"outcome">;
}

export interface ExecutorGauges {
  readonly busy: () => number;
  readonly stuck: () => number;
  readonly unsettled: () => number;
}

export function createExecutorMetrics(registry: Registry): ExecutorMetrics {
  const registers = [registry];
  const settled = new Counter({
    name: "tickline_attempts_settled_total",
    help: "Attempts by what they came to.",
    labelNames: ["outcome"],
    registers,
  });
  const claims = new Counter({
    name: "tickline_claims_total",
    help: "Runs this executor tried to claim, by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  return {
    settled: childrenByOutcome(settled, OUTCOMES),
    claims: childrenByOutcome(claims, CLAIM_OUTCOMES),
    durationSeconds: new Histogram({
      name: "tickline_attempt_duration_seconds",
      help: "From the call of a handler to its end.",
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 1_800],
      registers,
    }),
    loopHeldSeconds: new Counter({
      name: "tickline_event_loop_held_seconds_total",
      help: "Time in which handlers kept the thread for longer than 200 ms at once, by the type of the handler.",
      labelNames: ["handler"],
      registers,
    }),
    unpublished: new Counter({
      name: "tickline_events_unpublished_total",
      help: "Events the bus did not take. Ends of runs are announced by the scheduler's sweep, the rest is best effort.",
      registers,
    }),
    reports: new Counter({
      name: "tickline_reports_total",
      help: "Reports of foreign executors by what became of them.",
      labelNames: ["outcome"],
      registers,
    }),
  };
}

const childrenByOutcome = <Name extends string>(counter: Counter<"outcome">, outcomes: readonly Name[]) =>
  Object.fromEntries(outcomes.map((outcome) => [outcome, counter.labels({ outcome })])) as Record<Name, Counter.Internal>;

/** They are read when metrics are collected, so that they cost nothing between. */
export function registerExecutorGauges(registry: Registry, { busy, stuck, unsettled }: ExecutorGauges): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("tickline_workers_busy", "Workers that run a handler, or are reserved for a run being claimed.", busy);
  gauge("tickline_handlers_stuck", "Handlers that ignored that they were asked to end. Each holds a worker.", stuck);
  gauge("tickline_results_unsettled", "Results that are not in the store yet.", unsettled);
}
