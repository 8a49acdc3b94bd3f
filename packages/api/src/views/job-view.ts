import { toIso, toIsoOrNull, type Instant } from "@tickline/shared/domain/time/instant";
import { JOB_STATES, type Job } from "@tickline/shared/domain/job/job";
import {
  HandlerTypeSchema,
  JobIdSchema,
  JobInputSchema,
  QueueNameSchema,
  pickSaid,
  type SaidDefinition,
} from "@tickline/shared/domain/job/job-definition";
import { JsonObjectSchema } from "@tickline/shared/domain/json/json";
import { MisfireView } from "@tickline/shared/domain/policy/misfire";
import { RetryPolicySchema } from "@tickline/shared/domain/policy/retry-policy";
import type { LastRun, Run } from "@tickline/shared/domain/run/run";
import { RUN_STATES } from "@tickline/shared/domain/run/run-state";
import { evaluate } from "@tickline/shared/domain/evaluation";
import { evaluationFault, findOverdue, findSetAside } from "@tickline/shared/domain/job/job-evaluation";
import { instantsAfter } from "@tickline/shared/domain/schedule/next-instant";
import { ScheduleView, showStoredSchedule } from "@tickline/shared/domain/schedule/schedule-view";
import { z } from "zod";
import { durationMs, InstantView } from "./instant-view.ts";
import { leftOut, pickLongFields } from "./long-fields.ts";
import { RunErrorView, RunIdView, RunStateView, RunView, showError, showListedRun } from "./run-view.ts";

/** Number of instants and runs in the detail of a job. */
export const UPCOMING_SHOWN = 5;
export const RECENT_RUNS_SHOWN = 10;

/** So that PUT accepts the answer of GET: each attempt of a run may have an error of 2,000 characters. */
export const RECENT_RUNS_BYTES_MAX = 65_536;

const RecentRunView = RunView.omit(pickLongFields(RunView) as { params: true; output: true }).meta({ id: "RecentRun" });

export const LastRunView = z
  .object({
    id: RunIdView,
    state: RunStateView,
    scheduledFor: InstantView,
    startedAt: InstantView.nullable(),
    finishedAt: InstantView.nullable(),
    durationMs: z.int().nullable().meta({ description: "Duration of the latest attempt: from `startedAt` to `finishedAt`." }),
    error: RunErrorView.nullable(),
  })
  .meta({ id: "LastRun" });

const SetAsideView = z
  .object({
    reason: z.string().meta({ description: "For people; may change." }),
    action: z.string().meta({ description: "What to do, for people; may change." }),
    since: InstantView.nullable().meta({
      description: "The first instant that did not or will not fire; null while the job is not active.",
    }),
  })
  .meta({ id: "SetAside" });

/** The fields of the definition in the answer for a job whose schema is more than their JSON type. The others: `shownAs`. */
const OWN_VIEWS: Readonly<Record<string, z.ZodType>> = {
  handler: HandlerTypeSchema,
  params: JsonObjectSchema,
  schedule: ScheduleView.nullable().meta({ description: "Null if it cannot be read: see setAside." }),
  queue: QueueNameSchema,
  retry: RetryPolicySchema,
  misfire: MisfireView,
};
const definitionViews = Object.fromEntries(
  Object.entries(JobInputSchema.shape).map(([name, field]) => [name, OWN_VIEWS[name] ?? shownAs(field)]),
);

/** A field of the input in an answer: always present, and without limits, which may have been different when it was written. */
function shownAs(field: z.core.$ZodType): z.ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodPrefault) return shownAs(field.def.innerType);
  if (field instanceof z.ZodNullable) return shownAs(field.def.innerType).nullable();
  if (field instanceof z.ZodArray) return z.array(shownAs(field.def.element));
  if (field instanceof z.ZodEnum) return z.enum(field.def.entries);
  if (field instanceof z.ZodNumber) return z.int();
  if (field instanceof z.ZodString) return z.string();
  throw new TypeError("no field of a job has been of this kind so far; say here how it is shown");
}

const StateView = z.object({
  state: z
    .enum(JOB_STATES)
    .meta({ description: "`paused`: it does not fire. `finished`: its schedule has no further instant; only the service sets it." }),
  setAside: SetAsideView.nullable().meta({
    readOnly: true,
    description:
      "Why the job does not fire: this service cannot evaluate or read it, or no scheduler has fired an instant that passed more than a minute ago. Else null. Where its schedule is null, its name, params and policies may be stand-ins: replace it as a whole.",
  }),
  status: z
    .enum(["pending", ...RUN_STATES])
    .meta({ readOnly: true, description: "State of the latest run that started or ended; `pending` before the first." }),
  nextRunAt: InstantView.nullable().meta({ readOnly: true, description: "Null while the job is paused, and after it has finished." }),
  lastRunAt: InstantView.nullable().meta({ readOnly: true, description: "Start of the latest started run." }),
  lastRun: LastRunView.nullable().meta({ readOnly: true }),
  version: z.int().meta({ readOnly: true, description: "Counts edits, not fires. The ETag is this number in quotes." }),
  createdAt: InstantView.meta({ readOnly: true }),
  updatedAt: InstantView.meta({ readOnly: true }),
});
type StateView = z.infer<typeof StateView>;
type DefinitionView = Omit<SaidDefinition, "schedule"> & { readonly schedule: ScheduleView | null };

export const JobView = z.object({ id: JobIdSchema, ...definitionViews, ...StateView.shape }).meta({ id: "Job" });
export type JobView = { readonly id: string } & DefinitionView & StateView;

export const JobDetailView = JobView.extend({
  upcoming: z.array(InstantView).meta({ readOnly: true, description: `The next ${UPCOMING_SHOWN} instants.` }),
  recentRuns: z.array(RecentRunView).meta({
    readOnly: true,
    description: `The latest ${RECENT_RUNS_SHOWN} runs without params and outputs, or as many as fit into ${RECENT_RUNS_BYTES_MAX} bytes.`,
  }),
}).meta({ id: "JobDetail" });
export type JobDetailView = JobView & { upcoming: string[]; recentRuns: z.infer<typeof RecentRunView>[] };

/**
 * The answer for a job. `now` null: it has just been written, so none of its instants is overdue. It is not made by the schema, because
 * answers are frequent and schemas are slow. A test compares it with the schema.
 */
export const showJob = (job: Job, now: Instant | null = null): JobView => ({
  id: job.id,
  ...pickSaid(job.definition),
  schedule: showStoredSchedule(job.definition.schedule),
  state: job.state as JobView["state"], // Catalogs return no tombstones.
  setAside: showSetAside(job, now),
  status: job.status,
  nextRunAt: toIsoOrNull(shownNextRunAt(job)),
  lastRunAt: toIsoOrNull(job.lastRun?.startedAt ?? null),
  lastRun: job.lastRun === null ? null : showLastRun(job.lastRun),
  version: job.version,
  createdAt: toIso(job.createdAt),
  updatedAt: toIso(job.updatedAt),
});

/** As far as this process can read and evaluate the job. A scheduler with other time zone data, or of another version, may still fire it. */
function showSetAside(job: Job, now: Instant | null): JobView["setAside"] {
  const fault = findSetAside(job) ?? (now === null ? null : findOverdue(job, now));
  return fault === null ? null : { reason: fault.reason, action: fault.action, since: toIsoOrNull(shownNextRunAt(job)) };
}

/** The detail of a job as JSON. The runs are serialized first, because their bytes are counted. */
export function jobDetailJson(job: Job, recentRuns: readonly Run[], now: Instant | null): string {
  const rest = JSON.stringify({ ...showJob(job, now), upcoming: upcoming(job).map(toIso) });
  return `${rest.slice(0, -1)},"recentRuns":[${recentRunsJson(recentRuns).join(",")}]}`;
}

const ABSENT = leftOut([]);

/** The JSON of the runs that can be shown, as many as fit. */
export function recentRunsJson(runs: readonly Run[]): string[] {
  const texts = runs.flatMap((run) => {
    const text = evaluate(() => JSON.stringify({ ...showListedRun(run, null), ...ABSENT }));
    return text.kind === "evaluated" ? [text.value] : [];
  });
  let bytes = 0;
  const over = texts.findIndex((text) => (bytes += Buffer.byteLength(text)) > RECENT_RUNS_BYTES_MAX);
  return over === -1 ? texts : texts.slice(0, over);
}

/** A paused job keeps its cursor, so that the pause can be recorded, but it has no next run. */
const shownNextRunAt = ({ state, nextRunAt }: Job): Instant | null => (state === "active" ? nextRunAt : null);

/** The next instants, as many as are shown and as `maxRuns` allows; none of a job that cannot be evaluated. */
function upcoming(job: Job): Instant[] {
  const next = shownNextRunAt(job);
  if (next === null || evaluationFault(job) !== null) return [];
  const { schedule, anchorAt } = job.definition;
  const left = schedule.maxRuns === null ? UPCOMING_SHOWN : schedule.maxRuns - job.firedCount;
  const count = Math.min(UPCOMING_SHOWN, left) - 1;
  const after = evaluate(() => instantsAfter(schedule, { anchorAt, after: next, count }));
  return after.kind === "evaluated" ? [next, ...after.value] : [];
}

export const showLastRun = ({ runId, state, scheduledFor, startedAt, finishedAt, error }: LastRun): NonNullable<JobView["lastRun"]> => ({
  id: runId,
  state,
  scheduledFor: toIso(scheduledFor),
  startedAt: toIsoOrNull(startedAt),
  finishedAt: toIsoOrNull(finishedAt),
  durationMs: durationMs(startedAt, finishedAt),
  error: showError(error),
});
