import { AppError } from "../../domain/app-error.ts";
import type { JobState, JobStatusName } from "../../domain/job.ts";
import type { RunCause } from "../../domain/run.ts";
import type { RunState } from "../../domain/run-state.ts";

/** How states and causes stand in the file: small numbers, fixed for ever. */
export const JOB_STATE = { active: 0, paused: 1, finished: 2, deleted: 3 } as const satisfies Record<JobState, number>;

/** A tombstone that was swept: its row stays as long as there are runs that show its id. */
export const JOB_FORGOTTEN = 4;
/** In memory alone: a key that no job has, and a job whose state this version does not know. */
export const JOB_NONE = 5;
export const JOB_UNKNOWN = 6;

export const RUN_STATE = {
  due: 0,
  running: 1,
  retrying: 2,
  succeeded: 3,
  failed: 4,
  cancelled: 5,
  lost: 6,
  skipped: 7,
  missed: 8,
} as const satisfies Record<RunState, number>;

export const RUN_CAUSE = { schedule: 0, manual: 1, retry: 2 } as const satisfies Record<RunCause, number>;

/** `pending`, or the code of a run state. */
export const STATUS_PENDING = -1;

const JOB_STATES = Object.keys(JOB_STATE) as JobState[];
const RUN_STATES = Object.keys(RUN_STATE) as RunState[];
const RUN_CAUSES = Object.keys(RUN_CAUSE) as RunCause[];

export const jobStateOf = (code: number): JobState => JOB_STATES[code] ?? unknownCode("job state", code);
export const runStateOf = (code: number): RunState => RUN_STATES[code] ?? unknownCode("run state", code);
export const runCauseOf = (code: number): RunCause => RUN_CAUSES[code] ?? unknownCode("cause of a run", code);
/** Undefined: unknown to this version. */
export const statusOf = (code: number): JobStatusName | undefined => (code === STATUS_PENDING ? "pending" : RUN_STATES[code]);
export const statusCode = (status: JobStatusName): number => (status === "pending" ? STATUS_PENDING : RUN_STATE[status]);

function unknownCode(what: string, code: number): never {
  throw new AppError("store_corrupt", `the file holds an unknown ${what}: ${code}`);
}
