import { setTimeout as sleep } from "node:timers/promises";
import { computeLateness, type Lateness } from "../../report/statistics.ts";
import { waitUntil } from "../../wait.ts";

export interface SamplePlan {
  readonly jobs: number;
  readonly makeJobId: (index: number) => string;
  /** The first instant of a job. */
  readonly firstDueAt: (index: number) => number;
  readonly everyMs: number;
  /** No sample begins after it. */
  readonly until: number;
}

/** One sample at a time, and not more than two a second: looking must not become the load. */
const SAMPLE_EVERY_MS = 500;
const LOOK_MS = 5;
const SAMPLE_MS_MAX = 10_000;

interface Shown {
  readonly lastRun: { readonly scheduledFor: string; readonly finishedAt: string | null } | null;
}

/**
 * From the end of a run until `GET /jobs/:id` shows it, of one job after another, asked every few milliseconds. Null: no
 * sample was there in time.
 */
export async function sampleProjection(apis: readonly string[], plan: SamplePlan): Promise<Lateness | null> {
  const lags: number[] = [];
  for (let due = nextDue(plan, Date.now()); due.at < plan.until; due = nextDue(plan, Date.now() + SAMPLE_EVERY_MS)) {
    await waitUntil(due.at);
    const lag = await measureLag(`${apis[lags.length % apis.length]}/jobs/${plan.makeJobId(due.index)}`, due.at);
    if (lag !== null) lags.push(lag);
  }
  return lags.length === 0 ? null : computeLateness(Float64Array.from(lags));
}

/** The job that is due first after this instant. */
function nextDue({ jobs, firstDueAt, everyMs }: SamplePlan, instant: number): { readonly index: number; readonly at: number } {
  const round = Math.max(0, Math.floor((instant - firstDueAt(0)) / everyMs));
  const base = firstDueAt(0) + round * everyMs;
  const index = Math.min(jobs, Math.max(0, Math.ceil(((instant - base) / everyMs) * jobs)));
  return index === jobs ? { index: 0, at: base + everyMs } : { index, at: firstDueAt(index) + round * everyMs };
}

async function measureLag(url: string, dueAt: number): Promise<number | null> {
  for (const end = Date.now() + SAMPLE_MS_MAX; Date.now() < end; await sleep(LOOK_MS)) {
    const { lastRun } = (await (await fetch(url).catch(() => fetch(url))).json()) as Shown;
    if (lastRun === null || lastRun.finishedAt === null || Date.parse(lastRun.scheduledFor) < dueAt) continue;
    return Date.now() - Date.parse(lastRun.finishedAt);
  }
  return null;
}
