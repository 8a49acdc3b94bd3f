import { isEnded, violation, type FinalJob, type RunRow, type Sighting, type Violation } from "./history.ts";

type JobSighting = Extract<Sighting, { of: "job" }>;
type RunSighting = Extract<Sighting, { of: "run" }>;

/** I5: what clients are shown of a job or a run never goes back, and an end is an end. */
export function backwardSightings(sightings: readonly Sighting[]): Violation[] {
  const jobs = new Map<string, JobSighting>();
  const runs = new Map<string, RunSighting>();
  return sightings.flatMap((now) => {
    const key = now.of === "job" ? `${now.jobId} ${now.createdAt}` : now.runId;
    const fault = now.of === "job" ? jobFault(jobs.get(key), now) : runFault(runs.get(key), now);
    if (now.of === "job") jobs.set(key, now);
    else runs.set(key, now);
    return fault === null ? [] : [violation("I5", `${now.of} ${key}: ${fault}`)];
  });
}

function jobFault(before: JobSighting | undefined, { status, lastRun }: JobSighting): string | null {
  if (status !== (lastRun?.state ?? "pending")) return `status ${status}, and its last run ${lastRun?.state ?? "is none"}`;
  const last = before?.lastRun ?? null;
  if (last === null) return null;
  if (lastRun === null) return `had run ${last.id}, then none`;
  const order = compare(lastRun.scheduledFor, last.scheduledFor) || compare(lastRun.id, last.id);
  if (order < 0) return `went back from run ${last.id} to ${lastRun.id}`;
  return order === 0 && isEnded(last.state) && lastRun.state !== last.state
    ? `run ${last.id} was ${last.state}, then ${lastRun.state}`
    : null;
}

function runFault(before: RunSighting | undefined, { attempt, state }: RunSighting): string | null {
  if (before === undefined) return null;
  const was = `was ${before.state} in attempt ${before.attempt}, then ${state} in attempt ${attempt}`;
  if (isEnded(before.state)) return state === before.state && attempt === before.attempt ? null : was;
  return attempt < before.attempt || (attempt === before.attempt && rank(state) < rank(before.state)) ? was : null;
}

const rank = (state: string): number => (isEnded(state) ? 3 : ["due", "running", "retrying"].indexOf(state));
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What did not run changes no status. */
const NEVER_SHOWN = ["due", "skipped", "missed"];

/** I6: at rest, a job shows its latest run that started, as its runs say. */
export function unfoldedStatus(jobs: readonly FinalJob[], rows: readonly RunRow[]): Violation[] {
  const byJob = Map.groupBy(rows, ({ jobId }) => jobId);
  return jobs.flatMap(({ id, status, createdAt, lastRun }) => {
    const all = (byJob.get(id) ?? []).filter(({ state }) => !NEVER_SHOWN.includes(state));
    // Under the same id there may have been another job before; of its own, at most a single instant is older than itself.
    const since = Math.min(createdAt, all.find((row) => row.id === lastRun?.id)?.scheduledFor ?? createdAt);
    const own = all.filter(({ scheduledFor }) => scheduledFor >= since);
    const latest = own.toSorted((a, b) => a.scheduledFor - b.scheduledFor || compare(a.id, b.id)).at(-1);
    const shown = lastRun === null ? status : `${status} by ${lastRun.id}`;
    const folded = latest === undefined ? "pending" : `${latest.state} by ${latest.id}`;
    return shown === folded ? [] : [violation("I6", `job ${id} shows ${shown}, and its runs say ${folded}`)];
  });
}
