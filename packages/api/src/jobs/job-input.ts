import type { Instant } from "@tickline/shared/domain/time/instant";
import type { JOB_STATES } from "@tickline/shared/domain/job/job";
import {
  definitionFrom,
  HandlerTypeSchema,
  JobInputSchema,
  jobInputSchema,
  QueueNameSchema,
  TIMEOUT_MS_MAX,
  type JobDefinition,
} from "@tickline/shared/domain/job/job-definition";
import { nearestWord, findSlip } from "@tickline/shared/domain/spelling/did-you-mean";
import { canonicalJson, JsonObjectSchema, type JsonObject } from "@tickline/shared/domain/json/json";
import { OPTIONAL_HANDLERS } from "@tickline/shared/domain/job/optional-handlers";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { JSON_MEDIA_TYPE, MERGE_PATCH_MEDIA_TYPE } from "../request/json-body.ts";
import type { Fault } from "../problems/problem.ts";
import type { BodySpec } from "../http/route.ts";
import { unknownField } from "../problems/schema-faults.ts";
import { JobDetailView } from "../views/job-view.ts";
import { toPatchSchema } from "./merge-patch.ts";

type JobState = (typeof JOB_STATES)[number];

/** The writable fields of a job, with all defaults. Without `state` it stays as it is; a new job is `active`. */
export type JobInput = z.output<typeof JobInputSchema> & { readonly state?: JobState | undefined };

/** The fields that only the service sets. PUT ignores them, so that the answer of GET may be sent back. */
type ReadOnlyField = Exclude<keyof JobDetailView, keyof JobInput>;
const READ_ONLY_FIELDS = Object.keys(JobDetailView.shape).filter(isReadOnly);

function isReadOnly(name: string): name is ReadOnlyField {
  return name in JobDetailView.shape && name !== "state" && !(name in JobInputSchema.shape);
}

/** The example on the page of the document. */
const EXAMPLE = { name: "ping", schedule: "every 15s", handler: "http", params: { url: "http://127.0.0.1:8080/" } };

const WRITABLE_STATES = ["active", "paused"] as const;
const STATE_MEANING = "`paused`: it does not fire. Without this field the state does not change; a new job is `active`.";
const FINISHED_MEANING = "`finished` may be sent back for a finished job.";

/** The body of POST. A read-only field in it is a mistake, so it is refused, with a hint what to do instead. */
const createBodyUpTo = (timeoutMsMax: number): BodySpec<JobInput> => ({
  schema: jobInputSchema(timeoutMsMax)
    .extend({ state: z.enum(WRITABLE_STATES).optional().meta({ description: STATE_MEANING }) })
    .meta({ id: "JobInput" }),
  example: EXAMPLE,
  unknown: (name, fields) => (isReadOnly(name) ? readOnlyField(name) : unknownField(name, fields)),
});

const readOnlyField = (name: string): Omit<Fault, "pointer"> => ({
  code: "read_only_field",
  message: name === "id" ? "an id of your own choice goes into the path: PUT /jobs/{id}" : `${name} is set by the service: leave it out`,
});

const ignored = z.unknown().optional().meta({ readOnly: true, description: "Ignored: set by the service." });
const ignoredFields = Object.fromEntries(READ_ONLY_FIELDS.map((name) => [name, ignored])) as Record<ReadOnlyField, typeof ignored>;

const replaceableState = z
  .enum([...WRITABLE_STATES, "finished"])
  .optional()
  .meta({ description: `${STATE_MEANING} ${FINISHED_MEANING}` });

/** The body of PUT. */
const replaceBodyUpTo = (timeoutMsMax: number): BodySpec<JobInput> => ({
  schema: jobInputSchema(timeoutMsMax)
    .extend({ state: replaceableState, ...ignoredFields })
    .meta({ id: "JobReplacement" })
    .transform(withoutReadOnly),
  example: EXAMPLE,
});

function withoutReadOnly(given: JobInput & Partial<Record<ReadOnlyField, unknown>>): JobInput {
  const input: Partial<Record<ReadOnlyField, unknown>> & JobInput = { ...given };
  for (const name of READ_ONLY_FIELDS) delete input[name];
  return input;
}

const asShown = z
  .unknown()
  .optional()
  .meta({ readOnly: true, description: "Set by the service: only its current value may be sent back." });
const shownFields = Object.fromEntries(READ_ONLY_FIELDS.map((name) => [name, asShown]));

const patched = z.unknown().optional();
const patchedFields = Object.fromEntries([...Object.keys(JobInputSchema.shape), "state"].map((name) => [name, patched]));

/** The body of PATCH. Only names are checked here; values are checked after the merge into the job. */
const patchBodyUpTo = (timeoutMsMax: number): BodySpec<JsonObject> => ({
  mediaTypes: [MERGE_PATCH_MEDIA_TYPE, JSON_MEDIA_TYPE],
  schema: z.strictObject({ ...patchedFields, ...shownFields }).transform((patch) => patch as JsonObject),
  documented: (toPatchSchema(jobInputSchema(timeoutMsMax).extend({ state: replaceableState })) as z.ZodObject).extend(shownFields).meta({
    id: "JobPatch",
    description:
      "RFC 7396; null resets a field to its default. To change the kind of a schedule send a short string, or null for the fields to be removed.",
  }),
  example: { description: "Looks every 30 seconds", schedule: "every 30s" },
});

interface JobBodies {
  readonly create: BodySpec<JobInput>;
  readonly replace: BodySpec<JobInput>;
  readonly patch: BodySpec<JsonObject>;
}

const bodiesUpTo = (timeoutMsMax: number): JobBodies => ({
  create: createBodyUpTo(timeoutMsMax),
  replace: replaceBodyUpTo(timeoutMsMax),
  patch: patchBodyUpTo(timeoutMsMax),
});

/** Making a schema takes long, so there is one for each maximum. */
const madeBodies = new Map<number, JobBodies>();

/** The bodies of POST, PUT and PATCH, with the limits of this service. */
export function jobBodies({ config: { timeoutMsMax } }: Pick<ApiContext, "config">): JobBodies {
  const bodies = madeBodies.get(timeoutMsMax) ?? bodiesUpTo(timeoutMsMax);
  madeBodies.set(timeoutMsMax, bodies);
  return bodies;
}

const { replace: anyReplacement } = bodiesUpTo(TIMEOUT_MS_MAX);

/** The schema of a patched job. A timeout that the patch does not change may be larger than the maximum of this service, because it may be older. */
export const patchedBody = (context: Pick<ApiContext, "config">, patch: JsonObject): BodySpec<JobInput> =>
  "timeoutMs" in patch ? jobBodies(context).replace : anyReplacement;

export function toDefinition(input: JobInput, anchorAt: Instant): JobDefinition {
  const { state: _, ...said } = input;
  return definitionFrom(said, anchorAt);
}

/** The faults of a patch that would change a read-only field. The current value may be sent back. */
export const readOnlyFaults = (patch: JsonObject, shown: JsonObject): readonly Fault[] =>
  READ_ONLY_FIELDS.filter((name) => name in patch && name in shown && canonicalJson(patch[name]) !== canonicalJson(shown[name])).map(
    (name) => ({
      pointer: `/${name}`,
      ...readOnlyField(name),
    }),
  );

/**
 * The faults of an input that no schema can find: in queue, handler and params. Values that the stored definition already has are
 * accepted, because a queue or handler may have been removed since.
 */
export async function inputFaults(context: ApiContext, input: JobInput, stored: JobDefinition | null): Promise<readonly Fault[]> {
  const queue = input.queue === stored?.queue ? [] : queueFaults(context, input.queue);
  if (isExternal(context, input.queue)) return queue;
  const asStored =
    stored !== null &&
    !isExternal(context, stored.queue) &&
    stored.handler === input.handler &&
    canonicalJson(stored.params) === canonicalJson(input.params);
  return asStored ? queue : [...queue, ...(await handlerFaults(context, input.handler, input.params))];
}

/** The same for a body that the schema refused, as far as it can be read. */
export async function looseFaults(context: ApiContext, given: unknown): Promise<readonly Fault[]> {
  const { queue, handler, params = {} } = Object(given) as Partial<Record<keyof JobInput, unknown>>;
  const readParams = JsonObjectSchema.safeParse(params);
  const knowsHandlers = !isExternal(context, queue);
  return [
    ...(QueueNameSchema.safeParse(queue).success ? queueFaults(context, String(queue)) : []),
    ...(knowsHandlers && HandlerTypeSchema.safeParse(handler).success
      ? await handlerFaults(context, String(handler), readParams.data ?? null)
      : []),
  ];
}

/** A foreign executor may have any handler, and only it knows the params of that handler. */
export const isExternal = ({ config: { externalQueues } }: Pick<ApiContext, "config">, queue: unknown): boolean =>
  externalQueues.some((external) => external === queue);

function queueFaults({ config: { queues } }: ApiContext, queue: string): readonly Fault[] {
  if (queues.includes(queue)) return [];
  const message = `there is no queue ${JSON.stringify(queue)}: ${meantOrAll(findSlip(queue, queues), queues)}`;
  return [{ pointer: "/queue", code: "unknown_queue", message }];
}

const meantOrAll = (meant: string | null, all: readonly string[]): string =>
  `${meant === null ? "" : `did you mean ${meant}? `}there are ${all.join(", ")}`;

async function handlerFaults({ knownHandlers }: ApiContext, type: string, params: JsonObject | null): Promise<readonly Fault[]> {
  const handler = await knownHandlers.find(type);
  if (handler !== null) return params === null ? [] : knownHandlers.checkParams(handler, params);
  const types = knownHandlers.types();
  const known = types.length === 0 ? "no executor has published any yet" : meantOrAll(nearestWord(type, types), types);
  const why = OPTIONAL_HANDLERS.get(type) ?? known;
  return [{ pointer: "/handler", code: "unknown_handler", message: `there is no handler ${JSON.stringify(type)}: ${why}` }];
}
