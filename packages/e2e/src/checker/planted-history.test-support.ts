import type { Effect } from "../recorder/effect.ts";
import type { FinalJob, History, Plan, RunRow, Write } from "./history.ts";

/** A history of three jobs in which every promise is kept. Tests break one promise at a time. */
export function keptHistory(): History {
  const effects = [
    ...[2000, 2500, 3000].map((at) => effect("a", at, { mark: "a1" })),
    ...[3500, 4000, 4500].map((at) => effect("a", at, { mark: "a2" })),
    effect("a", 6205, { mark: "a2", runId: "manual-1" }),
    ...[6500, 7000, 7500].map((at) => effect("a", at, { mark: "a2" })),
    effect("b", 2200, { mark: "b1", outcome: "aborted", status: null }),
    effect("b", 2700, { mark: "b1" }),
    effect("c", 2100, { mark: "c1", status: 500 }),
    effect("c", 2100, { mark: "c1", attempt: 2, startedAt: 2130 }),
  ];
  return {
    writes: plantWrites(),
    triggers: [{ jobId: "a", from: 6200, to: 6210, runId: "manual-1", mark: null }],
    effects: effects.toSorted((x, y) => x.startedAt - y.startedAt).map((one, order) => ({ ...one, order })),
    sightings: [
      makeSighting("c", "pending", null),
      makeSighting("c", "running", { id: "c-2100", scheduledFor: iso(2100), state: "running" }),
      { of: "run", runId: "c-2100", attempt: 1, state: "running" },
      { of: "run", runId: "c-2100", attempt: 2, state: "due" },
      { of: "run", runId: "c-2100", attempt: 2, state: "succeeded" },
      makeSighting("c", "succeeded", { id: "c-2100", scheduledFor: iso(2100), state: "succeeded" }),
    ],
    rows: plantRows(),
    jobs: [finalJob("b", { state: "paused", mark: "b1", version: 2 }), finalJob("c", { state: "paused", mark: "c1", version: 2 })],
    horizonAt: 9000,
  };
}

const plan = (mark: string, firstAt: number, policies: Partial<Plan> = {}): Plan => ({
  mark,
  grid: { kind: "every", firstAt, everyMs: 500, count: null },
  overlap: "allow",
  onUncertain: "rerun",
  ...policies,
});

/** `a` lives a whole life; `b` must not repeat what is uncertain; `c` skips what overlaps, and is retried. */
const plantWrites = (): Write[] => [
  { kind: "create", jobId: "a", from: 1000, to: 1002, plan: plan("a1", 2000), version: 1 },
  { kind: "create", jobId: "b", from: 1010, to: 1012, plan: plan("b1", 2200, { onUncertain: "skip" }), version: 1 },
  { kind: "create", jobId: "c", from: 1020, to: 1022, plan: plan("c1", 2100, { overlap: "skip" }), version: 1 },
  { kind: "pause", jobId: "b", from: 3000, to: 3002, version: 2 },
  { kind: "pause", jobId: "c", from: 3001, to: 3003, version: 2 },
  { kind: "edit", jobId: "a", from: 3100, to: 3110, plan: plan("a2", 2000), version: 2 },
  { kind: "pause", jobId: "a", from: 4600, to: 4605, version: 3 },
  { kind: "resume", jobId: "a", from: 6100, to: 6110, version: 4 },
  { kind: "delete", jobId: "a", from: 7950, to: 8100 },
];

const plantRows = (): RunRow[] => [
  ...[2000, 2500, 3000, 3500, 4000, 4500, 6500, 7000, 7500].map((at) => row("a", at)),
  row("a", 5000, { state: "skipped", reason: "paused", count: 3, scheduledForLast: 6000 }),
  row("a", 6205, { id: "manual-1", cause: "manual" }),
  row("b", 2200, { state: "lost" }),
  row("b", 2700),
  row("c", 2100, { attempt: 2 }),
  row("c", 2600, { state: "skipped", reason: "overlap" }),
];

const iso = (instant: number): string => new Date(instant).toISOString();

export const effect = (jobId: string, scheduledFor: number, more: Partial<Effect>): Effect => ({
  order: 0,
  runId: `${jobId}-${scheduledFor}`,
  jobId,
  attempt: 1,
  scheduledFor,
  mark: `${jobId}1`,
  startedAt: scheduledFor + 3,
  endedAt: (more.startedAt ?? scheduledFor + 3) + 5,
  outcome: "answered",
  status: 200,
  ...more,
});

export const row = (jobId: string, scheduledFor: number, more: Partial<RunRow> = {}): RunRow => ({
  id: `${jobId}-${scheduledFor}`,
  jobId,
  cause: "schedule",
  scheduledFor,
  scheduledForLast: null,
  count: 1,
  state: "succeeded",
  reason: null,
  attempt: 1,
  ...more,
});

export const makeSighting = (jobId: string, status: string, lastRun: { id: string; scheduledFor: string; state: string } | null) =>
  ({ of: "job", jobId, createdAt: iso(1000), status, lastRun }) as const;

const LAST: Readonly<Record<string, FinalJob["lastRun"]>> = {
  b: { id: "b-2700", state: "succeeded" },
  c: { id: "c-2100", state: "succeeded" },
};

const finalJob = (id: string, more: Pick<FinalJob, "state" | "mark" | "version">): FinalJob => ({
  id,
  status: LAST[id]?.state ?? "pending",
  createdAt: 1000,
  lastRun: LAST[id] ?? null,
  ...more,
});
