import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject, type ZodOpenApiResponsesObject } from "zod-openapi";
import { TAGS } from "../request/conditions.ts";
import { IDEMPOTENCY_KEY } from "../request/idempotency-key.ts";
import { JSON_MEDIA_TYPE } from "../request/json-body.ts";
import { PROBLEMS, ProblemSchema, type ProblemCode } from "../problems/problem.ts";
import { EventView, ResetView } from "../stream/event-view.ts";
import type { Method, RequestHeader, ResponseHeader, Route } from "../http/route.ts";

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** Made from the schemas that validate requests, so it cannot contradict them. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method]: describeOperation(route) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Tickline",
      version,
      description:
        "Jobs that run when they are due. Instants are ISO 8601 in UTC, durations whole milliseconds. Problems are RFC 9457. " +
        "Messages on Kafka: [events](docs/events).", // Relative to the page at /docs.
      license: { name: "MIT", identifier: "MIT" },
    },
    tags: [
      { name: "Jobs" },
      { name: "Runs" },
      { name: "Schedules" },
      { name: "Handlers" },
      { name: "Queues" },
      { name: "Events" },
      { name: "Service" },
    ],
    servers: [{ url: "/" }],
    paths,
    components: { schemas: { Event: EventView, Reset: ResetView } }, // The data of streamed messages refers to them.
  });
}

/** `/jobs/:id` as the document writes it. */
export const openApiPath = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");

function describeOperation({ method, path, docs, query, body }: Route): ZodOpenApiOperationObject {
  const { operationId, summary, description, tag, id, headers = [] } = docs;
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    requestParams: {
      ...(path.includes("/:id") && { path: z.object({ id: id ?? z.string() }) }),
      ...(query !== null && Object.keys(query.shape).length > 0 && { query }),
      ...(headers.length > 0 && { header: z.object(Object.fromEntries(headers.map((name) => [name, REQUEST_HEADERS[name]]))) }),
    },
    ...(body !== null && {
      requestBody: {
        required: body.ifAbsent === undefined,
        content: Object.fromEntries(
          (body.mediaTypes ?? [JSON_MEDIA_TYPE]).map((type) => [type, { schema: body.documented ?? body.schema, example: body.example }]),
        ),
      },
    }),
    responses: {
      ...describeResponses(docs.responses),
      ...describeProblems([...new Set([...docs.problems, ...commonProblems({ method, hasBody: body !== null })])], method),
    },
  };
}

function describeResponses(responses: Route["docs"]["responses"]): ZodOpenApiResponsesObject {
  const entries = Object.entries(responses).map(([status, { description, schema, headers = [], mediaType = JSON_MEDIA_TYPE }]) => [
    status,
    {
      description,
      ...(schema !== undefined && { content: { [mediaType]: { schema } } }),
      ...(headers.length > 0 && { headers: z.object(Object.fromEntries(headers.map((name) => [name, RESPONSE_HEADERS[name]]))) }),
    },
  ]);
  return Object.fromEntries(entries) as ZodOpenApiResponsesObject;
}

/** The problems that any route may answer; more if it changes something or reads a body. */
const commonProblems = ({ method, hasBody }: { readonly method: Method; readonly hasBody: boolean }): readonly ProblemCode[] => [
  "invalid_request",
  "bad_header",
  ...(hasBody ? BODY_PROBLEMS : []),
  ...(method === "get" ? [] : (["cross_site_request", "clock_unsteady"] as const)),
  "host_not_served",
  "malformed_request",
  "request_timeout",
  "headers_too_large",
  "internal",
  "store_unavailable",
];
const BODY_PROBLEMS = [
  "malformed_json",
  "body_required",
  "body_too_deep",
  "forbidden_key",
  "incomplete_body",
  "body_too_large",
  "unsupported_media_type",
] as const satisfies readonly ProblemCode[];

function describeProblems(codes: readonly ProblemCode[], method: Method): ZodOpenApiResponsesObject {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  const entries = [...byStatus].map(([status, of]) => [
    String(status),
    {
      description: of.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
      content: { "application/problem+json": { schema: ProblemSchema } },
      ...describeHeaders(of, method),
    },
  ]);
  return Object.fromEntries(entries) as ZodOpenApiResponsesObject;
}

/** The headers that a problem may come with. */
function describeHeaders(codes: readonly ProblemCode[], method: Method): { readonly headers?: z.ZodObject } {
  const headers: Record<string, z.ZodType> = {};
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    if (status === 429 || status === 503) headers["Retry-After"] = RETRY_AFTER;
    if (code === "version_mismatch") headers["ETag"] = ETAG.optional();
    if (code === "unsupported_media_type") headers[method === "patch" ? "Accept-Patch" : "Accept"] = MEDIA_TYPES;
  }
  return Object.keys(headers).length === 0 ? {} : { headers: z.object(headers) };
}

const ETAG = z
  .string()
  .regex(/^"[0-9]+"$/)
  .meta({ description: "The version of the job, in quotes." });
const RETRY_AFTER = z
  .string()
  .regex(/^[0-9]+$/)
  .meta({ description: "In seconds." });
const MEDIA_TYPES = z.string().optional().meta({ description: "What the body may be." });

const entityTags = z.string().regex(TAGS).optional();

const REQUEST_HEADERS: Readonly<Record<RequestHeader, z.ZodType>> = {
  "If-Match": entityTags.meta({
    format: "entity-tags",
    description: 'Only if the job is at this version: an ETag such as "3", several with commas, or * for any. Else 412.',
  }),
  "If-None-Match": entityTags.meta({
    format: "entity-tags",
    description: "`*`: only if there is no such job yet; ETags: only if it is at none of these. Else 412.",
  }),
  "Idempotency-Key": z
    .string()
    .regex(IDEMPOTENCY_KEY)
    .optional()
    .meta({ description: "Yours, up to 255 visible ASCII characters: a repeat of the request does nothing more." }),
  "Last-Event-ID": z.string().optional().meta({ description: "The id of the last event that was seen." }),
};

const RESPONSE_HEADERS: Readonly<Record<ResponseHeader, z.ZodType>> = {
  ETag: ETAG,
  Location: z
    .string()
    .regex(/^\/(?:jobs|runs)\/./)
    .meta({ description: "Where it is found." }),
  Link: z
    .string()
    .regex(/^<[^>]+>; rel="next"$/)
    .optional()
    .meta({ description: 'The next page, `rel="next"`; absent on the last one.' }),
};
