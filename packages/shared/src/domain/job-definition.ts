import { z } from "zod";
import type { Digest } from "./digest.ts";
import type { Instant } from "./instant.ts";
import { canonicalJson, jsonBytes, JsonObjectSchema, type JsonObject } from "./json.ts";
import { MisfirePolicySchema, type MisfirePolicy } from "./misfire.ts";
import { OVERLAP_POLICIES, type OverlapPolicy } from "./overlap.ts";
import { RetryPolicySchema, type RetryPolicy } from "./retry-policy.ts";
import { ScheduleInput, type Schedule } from "./schedule/schedule.ts";

/** Limits of a definition. Each has its line in docs/limits.md. */
export const NAME_LENGTH_MAX = 200;
export const DESCRIPTION_LENGTH_MAX = 2_000;
export const TAGS_MAX = 20;
export const TAG_LENGTH_MAX = 64;
export const PARAMS_BYTES_MAX = 65_536;
export const TIMEOUT_MS_MAX = 86_400_000;
export const EXPIRE_AFTER_MS_MAX = 31_536_000_000;

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

/** What a person says of a job: the body of POST and PUT, less what only the server knows. */
export const JobInputSchema = z.strictObject({
  name: z.string().trim().min(1).max(NAME_LENGTH_MAX),
  description: z.string().max(DESCRIPTION_LENGTH_MAX).nullable().default(null),
  tags: z.array(z.string().trim().min(1).max(TAG_LENGTH_MAX)).max(TAGS_MAX).default([]),
  handler: HandlerTypeSchema,
  params: JsonObjectSchema.default({}).refine(
    (params) => jsonBytes(params) <= PARAMS_BYTES_MAX,
    `must be at most ${PARAMS_BYTES_MAX} bytes of JSON`,
  ),
  schedule: ScheduleInput,
  queue: QueueNameSchema.default("default"),
  retry: RetryPolicySchema.prefault({}),
  timeoutMs: z.int().min(1).max(TIMEOUT_MS_MAX).default(60_000),
  onUncertain: z.enum(UNCERTAIN_POLICIES).default("rerun"),
  expireAfterMs: z.int().min(1).max(EXPIRE_AFTER_MS_MAX).nullable().default(null),
  overlap: z.enum(OVERLAP_POLICIES).default("skip"),
  misfire: MisfirePolicySchema.prefault("one"),
});

/** One immutable version of what a job does and when. Runs name the one they use by its hash, on all their attempts. */
export interface JobDefinition {
  readonly name: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly handler: string;
  readonly params: JsonObject;
  readonly schedule: Schedule;
  /** Where a fixed interval without `startAt` counts from: creation, or the edit that changed the schedule. */
  readonly anchorAt: Instant;
  readonly queue: string;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly onUncertain: (typeof UNCERTAIN_POLICIES)[number];
  readonly expireAfterMs: number | null;
  readonly overlap: OverlapPolicy;
  readonly misfire: MisfirePolicy;
}

/** The part of a definition that a `JobDue` carries, and that decides what an executor runs. */
export type Execution = Pick<JobDefinition, "queue" | "handler" | "params" | "timeoutMs" | "retry" | "onUncertain">;

const EXECUTION_HASH_LENGTH = 32;
const DEFINITION_HASH_LENGTH = 48;

function executionHash(digest: Digest, { queue, handler, params, timeoutMs, retry, onUncertain }: Execution): string {
  return digest(canonicalJson({ queue, handler, params, timeoutMs, retry, onUncertain })).slice(0, EXECUTION_HASH_LENGTH);
}

/**
 * Names a definition row; equal definitions of one job share it, so that writing it again is harmless. It begins with the hash of the
 * execution, so that a claim compares what a message says without reading the row.
 */
export const definitionHash = (digest: Digest, definition: JobDefinition): string =>
  executionHash(digest, definition) + digest(canonicalJson(definition)).slice(0, DEFINITION_HASH_LENGTH - EXECUTION_HASH_LENGTH);

/** True when this is exactly what the definition of that hash runs. `read` reads the row: hashes of the first release say nothing of the execution. */
export function isExecutionOf(digest: Digest, said: Execution, { hash, read }: { hash: string; read: () => JobDefinition }): boolean {
  const own = executionHash(digest, said);
  return own === (hash.length === DEFINITION_HASH_LENGTH ? hash.slice(0, EXECUTION_HASH_LENGTH) : executionHash(digest, read()));
}

export const sameDefinition = (left: JobDefinition, right: JobDefinition): boolean => canonicalJson(left) === canonicalJson(right);

/** False of the hashes of the first release: to know what their definition runs one has to read its row. */
export const namesExecution = (hash: string): boolean => hash.length === DEFINITION_HASH_LENGTH;
