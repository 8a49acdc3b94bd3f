import { z } from "zod";
import { NOT_BLANK_PATTERN } from "../json/json-pattern.ts";
import type { Digest } from "../digest.ts";
import type { Instant } from "../time/instant.ts";
import { canonicalJson, jsonBytes, JsonObjectSchema } from "../json/json.ts";
import { MisfirePolicySchema } from "../policy/misfire.ts";
import { OVERLAP_POLICIES } from "../policy/overlap.ts";
import { isPriority, PRIORITY_DEFAULT, PRIORITY_MAX } from "../queue/priority.ts";
import { RetryPolicySchema } from "../policy/retry-policy.ts";
import { ScheduleInput } from "../schedule/input/schedule-input.ts";
import { isWhole } from "../json/stored-value.ts";

/** Limits of a definition. Each has its line in docs/jobs.md. */
export const NAME_LENGTH_MAX = 200;
export const DESCRIPTION_LENGTH_MAX = 2_000;
export const TAGS_MAX = 20;
export const TAG_LENGTH_MAX = 64;
export const PARAMS_BYTES_MAX = 65_536;
export const TIMEOUT_MS_DEFAULT = 60_000;
export const TIMEOUT_MS_MAX = 86_400_000;
export const EXPIRE_AFTER_MS_MAX = 31_536_000_000;
export const JOB_WORKERS_MAX = 10_000;

/** The caller's (PUT), or `job_<uuidv7>`. */
export const JobIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    "must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit",
  );
export const HandlerTypeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,63}$/, "must be 1 to 64 lower-case letters, digits, dots, underscores or hyphens, and begin with a letter");
export const QueueNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "must be 1 to 32 lower-case letters, digits or hyphens, and begin with a letter");

/** The queues that always exist. Teams may declare more. */
export const BUILT_IN_QUEUES = ["high", "default", "low"] as const;

export const UNCERTAIN_POLICIES = ["rerun", "skip"] as const;

const field = (description: string, ...examples: readonly unknown[]) => ({ description, examples: [...examples] });

/** Up to the maximum of a service, which is a setting; `TIMEOUT_MS_MAX` is the largest of all. */
const timeoutMsUpTo = (most: number) =>
  z
    .int()
    .min(1)
    .max(most)
    .default(Math.min(TIMEOUT_MS_DEFAULT, most))
    .meta(
      field(
        "Milliseconds after which an attempt is aborted and fails as `timeout`. `TIMEOUT_MAX_MS` may set a lower maximum.",
        Math.min(300_000, most),
      ),
    );

/** Text of a user, stored without the blanks around it; the length limit counts those too, as the document says. */
function trimmedText(lengthMax: number): z.ZodString {
  return z.string().max(lengthMax).trim().min(1).meta({ pattern: NOT_BLANK_PATTERN });
}

/**
 * The fields of a job that a user sets: the body of POST and PUT. The description of each field is also in the
 * OpenAPI document and in docs/jobs.md.
 */
export const JobInputSchema = z.strictObject({
  name: trimmedText(NAME_LENGTH_MAX).meta(field("The name for people; need not be unique.", "Nightly report")),
  description: z
    .string()
    .max(DESCRIPTION_LENGTH_MAX)
    .nullable()
    .default(null)
    .meta(field("The purpose of the job.", "Sends the report to finance.")),
  tags: z
    .array(trimmedText(TAG_LENGTH_MAX))
    .max(TAGS_MAX)
    .default([])
    .meta(field("Words for searching.", ["finance", "daily"])),
  handler: HandlerTypeSchema.meta(field("The handler that executes the runs: `http`, or your own. `GET /handlers` lists them.", "http")),
  params: JsonObjectSchema.default({})
    .refine((params) => jsonBytes(params) <= PARAMS_BYTES_MAX, `must be at most ${PARAMS_BYTES_MAX} bytes of JSON`)
    .meta(
      field(`The input of the handler, at most ${PARAMS_BYTES_MAX} bytes of JSON. Each handler defines its params.`, {
        url: "https://example.com/report",
      }),
    ),
  schedule: ScheduleInput.meta({ description: "When the job runs: docs/schedules.md.", example: "every day at 02:30 Europe/Berlin" }),
  queue: QueueNameSchema.default("default").meta(
    field("The queue in which its runs wait. Each queue has workers of its own; `high` is served first.", "high"),
  ),
  priority: z
    .int()
    .min(0)
    .max(PRIORITY_MAX)
    .default(PRIORITY_DEFAULT)
    .meta(
      field("Urgency within the queue. Runs of a higher priority start first; runs of equal priority in the order of their instants.", 9),
    ),
  retry: RetryPolicySchema.prefault({}).meta(
    field("Whether and when another attempt follows a failed one.", { maxAttempts: 5, delayMs: 10_000 }),
  ),
  timeoutMs: timeoutMsUpTo(TIMEOUT_MS_MAX),
  onUncertain: z
    .enum(UNCERTAIN_POLICIES)
    .default("rerun")
    .meta(field("What happens if it is unknown whether an attempt acted. `rerun`: another attempt. `skip`: the run is `lost`.", "skip")),
  expireAfterMs: z
    .int()
    .min(1)
    .max(EXPIRE_AFTER_MS_MAX)
    .nullable()
    .default(null)
    .meta(field("A run that has not started this many milliseconds after its instant is skipped; null: never.", 3_600_000)),
  overlap: z
    .enum(OVERLAP_POLICIES)
    .default("skip")
    .meta(field("What happens to a run while another run of the job is in progress: docs/overlap.md.", "buffer_one")),
  workersMax: z
    .int()
    .min(1)
    .max(JOB_WORKERS_MAX)
    .nullable()
    .default(null)
    .meta(
      field(
        "Largest number of workers of one executor that runs of the job may hold, under `overlap: allow`; null: `JOB_WORKERS_PERCENT` of them, half by default.",
        5,
      ),
    ),
  misfire: MisfirePolicySchema.prefault("one").meta({
    description: "What happens to instants that are more than a minute late: `skip`, `one` (only the latest runs) or `all`, or an object.",
    example: { policy: "all", maxCount: 24 }, // Not examples: zod drops those of a schema that transforms.
  }),
});

/** The same for a service with a lower maximum of `timeoutMs`. */
export const jobInputSchema = (timeoutMsMax: number): typeof JobInputSchema =>
  timeoutMsMax === TIMEOUT_MS_MAX ? JobInputSchema : JobInputSchema.extend({ timeoutMs: timeoutMsUpTo(timeoutMsMax) });

/** The fields of a job that a user sets, with all defaults. */
export type JobInput = z.output<typeof JobInputSchema>;

/** The value of a field that a definition leaves out, and the check of a stored value. */
interface LaterField {
  readonly unsaid: unknown;
  readonly isRight: (stored: unknown) => boolean;
}

/**
 * Fields that came after the first release. A definition leaves out one that has its value `unsaid`, so that a definition from before the
 * field has the hash that it had.
 */
export const LATER_FIELDS = {
  workersMax: { unsaid: null, isRight: isWhole },
  priority: { unsaid: PRIORITY_DEFAULT, isRight: isPriority },
} as const satisfies Partial<Record<keyof JobInput, LaterField>>;
type LaterFields = typeof LATER_FIELDS;
type LaterName = keyof LaterFields;

export const LATER_NAMES = Object.keys(LATER_FIELDS) as readonly LaterName[];
/** The value of each of them in a definition that leaves it out. */
export const UNSAID = Object.fromEntries(LATER_NAMES.map((name) => [name, LATER_FIELDS[name].unsaid])) as {
  readonly [Name in LaterName]: LaterFields[Name]["unsaid"];
};

/** One immutable version of what a job does and when. Runs name the one they use by its hash, on all their attempts. */
export type JobDefinition = Readonly<Omit<JobInput, "tags" | LaterName>> & {
  readonly tags: readonly string[];
  /** Where a fixed interval without `startAt` counts from: creation, or the edit that changed the schedule. */
  readonly anchorAt: Instant;
} & { readonly [Name in LaterName]?: Exclude<JobInput[Name], LaterFields[Name]["unsaid"]> };

/** The definition of an input. */
export function definitionFrom(input: JobInput, anchorAt: Instant): JobDefinition {
  const defined: Record<string, unknown> = { ...input, anchorAt };
  for (const name of LATER_NAMES) if (defined[name] === UNSAID[name]) delete defined[name];
  return defined as unknown as JobDefinition;
}

export const readPriority = ({ priority = PRIORITY_DEFAULT }: Pick<JobDefinition, "priority">): number => priority;

/** The fields that a user sets, as the definition has them. */
export type SaidDefinition = Readonly<Omit<JobInput, "tags">> & { readonly tags: readonly string[] };

/** The same with omitted fields filled in. Field by field: lists of jobs show thousands of definitions a second. */
export const pickSaid = (from: JobDefinition): SaidDefinition => ({
  name: from.name,
  description: from.description,
  tags: from.tags,
  handler: from.handler,
  params: from.params,
  schedule: from.schedule,
  queue: from.queue,
  priority: readPriority(from),
  retry: from.retry,
  timeoutMs: from.timeoutMs,
  onUncertain: from.onUncertain,
  expireAfterMs: from.expireAfterMs,
  overlap: from.overlap,
  workersMax: from.workersMax ?? UNSAID.workersMax,
  misfire: from.misfire,
});

/** The part of a definition that a `JobDue` carries, and that decides what an executor runs. */
export const ExecutionSchema = z.object({
  queue: z.string(),
  handler: z.string(),
  params: JsonObjectSchema.meta({ wire: "jsonObject", description: "What the job hands to its handler." }),
  timeoutMs: z.int().meta({ description: "Longest time one attempt may take, in milliseconds." }),
  retry: RetryPolicySchema.meta({ title: "RetryPolicy" }),
  onUncertain: z.enum(UNCERTAIN_POLICIES),
  workersMax: z
    .int()
    .nullable()
    .default(null)
    .meta({ description: "Workers of one executor that runs of the job may hold at once; null: as the executor has it." }),
});
export type Execution = Readonly<z.output<typeof ExecutionSchema>>;

/** A value with the fields of an execution: a definition, or a message that carries one. */
export type Executable = Omit<Execution, LaterName> & Partial<Pick<Execution, LaterName & keyof Execution>>;

export const pickExecution = (from: Executable): Execution => ({
  queue: from.queue,
  handler: from.handler,
  params: from.params,
  timeoutMs: from.timeoutMs,
  retry: from.retry,
  onUncertain: from.onUncertain,
  workersMax: from.workersMax ?? UNSAID.workersMax,
});

const EXECUTION_HASH_LENGTH = 32;
const DEFINITION_HASH_LENGTH = 48;

/** False for hashes of the first release: their execution is known only from the row. */
export const namesExecution = (hash: string): boolean => hash.length === DEFINITION_HASH_LENGTH;

/** The hash of an execution: equal for equal executions, whatever the order of the members of their params. */
export const executionHash = (digest: Digest, execution: Executable): string =>
  digest(executionText(execution)).slice(0, EXECUTION_HASH_LENGTH);

/** Equal for two executions that are the same. */
export function executionText(execution: Executable): string {
  const said: Record<string, unknown> = pickExecution(execution);
  for (const name of LATER_NAMES) if (said[name] === UNSAID[name]) said[name] = undefined; // Canonical JSON leaves it out.
  return canonicalJson(said);
}

/**
 * Names a definition row; equal definitions of one job share it, so that writing it again is harmless. It begins with the hash of the
 * execution, so that a claim checks a message without reading the row.
 */
export const definitionHash = (digest: Digest, definition: JobDefinition): string =>
  executionHash(digest, definition) + digest(canonicalJson(definition)).slice(0, DEFINITION_HASH_LENGTH - EXECUTION_HASH_LENGTH);

/** A stored definition by its hash. `read` reads the row: hashes of the first release do not contain the execution. */
interface HashedDefinition {
  readonly hash: string;
  readonly read: () => JobDefinition;
}

/** The hash of the execution of this definition. */
export const definedExecutionHash = (digest: Digest, { hash, read }: HashedDefinition): string =>
  namesExecution(hash) ? hash.slice(0, EXECUTION_HASH_LENGTH) : executionHash(digest, read());

/** True when this is exactly the execution of the definition. */
export const matchesExecution = (digest: Digest, said: Execution, definition: HashedDefinition): boolean =>
  executionHash(digest, said) === definedExecutionHash(digest, definition);

export const sameDefinition = (left: JobDefinition, right: JobDefinition): boolean => canonicalJson(left) === canonicalJson(right);
