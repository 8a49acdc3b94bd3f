import { isRecord, isText, isTextOrNull, isTexts, isTime, isTimeOrNull, isWhole } from "./stored-value.ts";
import type { JobDefinition } from "./job-definition.ts";
import type { Schedule } from "./schedule/schedule.ts";

/** A definition as it was stored, or why it cannot be read. */
export type StoredDefinition =
  | { readonly kind: "read"; readonly definition: JobDefinition }
  | { readonly kind: "unreadable"; readonly reason: string };

export const NO_DEFINITION: StoredDefinition = { kind: "unreadable", reason: "its definition is not in the store" };

type Check = (value: unknown) => boolean;

function fieldsOf(fields: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(fields);
  return (value) => isRecord(value) && checks.every(([field, isRight]) => isRight(value[field]));
}

/** Of each kind what its instants follow from. Another kind is for `nextInstant` to refuse: it is readable all the same. */
const SCHEDULES: Readonly<Record<string, Check>> = {
  cron: fieldsOf({ cron: isText, timezone: isText }),
  every: fieldsOf({ everyMs: isTime }),
  calendar: fieldsOf({ interval: isText, at: isText, timezone: isText }),
  instant: fieldsOf({ at: isTime }),
} satisfies Record<Schedule["kind"], Check>;

const CHECKS: readonly (readonly [field: keyof JobDefinition, isRight: Check])[] = [
  ["name", isText],
  ["description", isTextOrNull],
  ["tags", isTexts],
  ["handler", isText],
  ["params", isRecord],
  ["schedule", (value) => isRecord(value) && isText(value["kind"]) && (SCHEDULES[value["kind"]]?.(value) ?? true)],
  ["anchorAt", isTime],
  ["queue", isText],
  ["retry", fieldsOf({ maxAttempts: isWhole, delayMs: isTime, delayMaxMs: isTime, nonRetryable: isTexts })],
  ["timeoutMs", isTime],
  ["onUncertain", isText],
  ["expireAfterMs", isTimeOrNull],
  ["overlap", isText],
  ["misfire", fieldsOf({ policy: isText, maxLatenessMs: isTime, maxCount: isWhole })],
];

/** What was stored was a definition once. No schema: stores load this without zod. Looks at what firing and running need, and at no more: this runs for every job read. */
export function readDefinition(stored: unknown): StoredDefinition {
  if (!isRecord(stored)) return { kind: "unreadable", reason: "its definition is no object" };
  const wrong = CHECKS.find(([field, isRight]) => !isRight(stored[field]));
  if (wrong !== undefined) return { kind: "unreadable", reason: `its definition has no ${wrong[0]} that this version can read` };
  const definition = stored as unknown as JobDefinition;
  return isStandIn(definition) ? NO_DEFINITION : { kind: "read", definition };
}

/** The same of a definition that is kept as JSON. */
export function readDefinitionText(text: unknown): StoredDefinition {
  if (!isText(text)) return NO_DEFINITION;
  try {
    return readDefinition(JSON.parse(text));
  } catch {
    return { kind: "unreadable", reason: "its definition is not JSON" };
  }
}

/** True of what stands in the place of a definition that cannot be read. */
export const isStandIn = ({ schedule }: JobDefinition): boolean => (schedule as { readonly kind: string }).kind === STAND_IN_KIND;

const STAND_IN_KIND = "unreadable";

/** What else a store knows of a definition that it cannot read. */
export type KnownOfDefinition = Pick<JobDefinition, "name" | "handler" | "queue"> & Partial<Pick<JobDefinition, "tags">>;

/** What of a definition that cannot be read as a whole can be read all the same. */
export function knownOf(stored: unknown, fallback: KnownOfDefinition): KnownOfDefinition {
  const { name, handler, queue, tags } = isRecord(stored) ? stored : {};
  return {
    name: isText(name) ? name : fallback.name,
    handler: isText(handler) ? handler : fallback.handler,
    queue: isText(queue) ? queue : fallback.queue,
    tags: isTexts(tags) ? tags : (fallback.tags ?? []),
  };
}

/**
 * Stands where a definition cannot be read, so that its job can be shown, paused, replaced and deleted, and its runs ended.
 * It has no schedule that anybody could evaluate, and of the policies those by which nothing runs that should not.
 */
export const standInDefinition = ({ name, handler, queue, tags = [] }: KnownOfDefinition): JobDefinition => ({
  name,
  description: null,
  tags,
  handler,
  params: {},
  schedule: { kind: STAND_IN_KIND, startAt: null, endAt: null, maxRuns: null } as unknown as Schedule, // As a newer version's kind would look.
  anchorAt: 0,
  queue,
  retry: { maxAttempts: 1, backoff: "fixed", delayMs: 0, delayMaxMs: 0, jitter: "none", nonRetryable: [] },
  timeoutMs: 60_000,
  onUncertain: "skip",
  expireAfterMs: null,
  overlap: "skip",
  misfire: { policy: "skip", maxLatenessMs: 0, maxCount: 1 },
});
