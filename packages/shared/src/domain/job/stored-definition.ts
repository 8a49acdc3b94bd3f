import { isRecord, isText, isTextOrNull, isTexts, isTime, isTimeOrNull, isWhole } from "../json/stored-value.ts";
import { LATER_FIELDS, LATER_NAMES, type JobDefinition } from "./job-definition.ts";
import type { Schedule } from "../schedule/schedule.ts";

/** A definition as it was stored, or why it cannot be read. */
export type StoredDefinition =
  | { readonly kind: "read"; readonly definition: JobDefinition }
  | { readonly kind: "unreadable"; readonly reason: string };

export const NO_DEFINITION: StoredDefinition = { kind: "unreadable", reason: "its definition is not in the store" };

type Stored = Readonly<Record<string, unknown>>;

/** For each kind the fields from which its instants follow. An unknown kind is readable; `nextInstant` refuses it. */
const SCHEDULES: Readonly<Record<string, (stored: Stored) => boolean>> = {
  cron: ({ cron, timezone }) => isText(cron) && isText(timezone),
  every: ({ everyMs }) => isTime(everyMs),
  calendar: ({ interval, at, timezone }) => isText(interval) && isText(at) && isText(timezone),
  instant: ({ at }) => isTime(at),
} satisfies Record<Schedule["kind"], (stored: Stored) => boolean>;

const isSchedule = (value: unknown): boolean => isRecord(value) && isText(value["kind"]) && (SCHEDULES[value["kind"]]?.(value) ?? true);

function isRetry(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { maxAttempts, delayMs, delayMaxMs, nonRetryable } = value;
  return isWhole(maxAttempts) && isTime(delayMs) && isTime(delayMaxMs) && isTexts(nonRetryable);
}

function isMisfire(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { policy, maxLatenessMs, maxCount } = value;
  return isText(policy) && isTime(maxLatenessMs) && isWhole(maxCount);
}

/** Each accesses its field by name, which takes a third of the time of a lookup by a table. */
const CHECKS: readonly (readonly [field: keyof JobDefinition, isRight: (stored: Stored) => boolean])[] = [
  ["name", ({ name }) => isText(name)],
  ["description", ({ description }) => isTextOrNull(description)],
  ["tags", ({ tags }) => isTexts(tags)],
  ["handler", ({ handler }) => isText(handler)],
  ["params", ({ params }) => isRecord(params)],
  ["schedule", ({ schedule }) => isSchedule(schedule)],
  ["anchorAt", ({ anchorAt }) => isTime(anchorAt)],
  ["queue", ({ queue }) => isText(queue)],
  ["retry", ({ retry }) => isRetry(retry)],
  ["timeoutMs", ({ timeoutMs }) => isTime(timeoutMs)],
  ["onUncertain", ({ onUncertain }) => isText(onUncertain)],
  ["expireAfterMs", ({ expireAfterMs }) => isTimeOrNull(expireAfterMs)],
  ["overlap", ({ overlap }) => isText(overlap)],
  ["misfire", ({ misfire }) => isMisfire(misfire)],
  ...LATER_NAMES.map((name) => [name, (stored: Stored) => isLaterRight(name, stored[name])] as const),
];

function isLaterRight(name: (typeof LATER_NAMES)[number], value: unknown): boolean {
  const { unsaid, isRight } = LATER_FIELDS[name];
  return value === undefined || value === unsaid || isRight(value);
}

/** Checks a stored definition. No schema: stores load this without zod. It checks only what firing and running need, since it runs for every job read. */
export function readDefinition(stored: unknown): StoredDefinition {
  if (!isRecord(stored)) return { kind: "unreadable", reason: "its definition is no object" };
  const wrong = CHECKS.find(([, isRight]) => !isRight(stored));
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

/** True for a stand-in of an unreadable definition. */
export const isStandIn = ({ schedule }: JobDefinition): boolean => (schedule as { readonly kind: string }).kind === STAND_IN_KIND;

const STAND_IN_KIND = "unreadable";

/** What else a store knows of a definition that it cannot read. */
export type KnownOfDefinition = Pick<JobDefinition, "name" | "handler" | "queue"> & Partial<Pick<JobDefinition, "tags">>;

/** The readable parts of a definition that cannot be read as a whole. */
export function readKnownParts(stored: unknown, fallback: KnownOfDefinition): KnownOfDefinition {
  const { name, handler, queue, tags } = isRecord(stored) ? stored : {};
  return {
    name: isText(name) ? name : fallback.name,
    handler: isText(handler) ? handler : fallback.handler,
    queue: isText(queue) ? queue : fallback.queue,
    tags: isTexts(tags) ? tags : (fallback.tags ?? []),
  };
}

/**
 * A stand-in for an unreadable definition, so that its job can be shown, paused, replaced and deleted, and its runs ended.
 * Its schedule cannot be evaluated, and its policies are the most cautious ones.
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
