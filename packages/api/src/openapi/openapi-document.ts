import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject, type ZodOpenApiResponsesObject } from "zod-openapi";
import { JSON_MEDIA_TYPE } from "../http/json-body.ts";
import { PROBLEMS, ProblemSchema, type ProblemCode } from "../http/problem.ts";
import type { RequestHeader, ResponseHeader, Route } from "../http/route.ts";

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** Made of the very schemas that validate, so it cannot say something else. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Tickline",
      version,
      description:
        "Jobs that run when they are due. Instants are ISO 8601 in UTC, durations whole milliseconds. Problems are RFC 9457. " +
        "Messages on Kafka: [events](docs/events).", // As seen from the page at /docs.
      license: { name: "MIT", identifier: "MIT" },
    },
    tags: [{ name: "Jobs" }, { name: "Runs" }, { name: "Schedules" }, { name: "Handlers" }, { name: "Events" }, { name: "Service" }],
    servers: [{ url: "/" }],
    paths,
  });
}

/** `/jobs/:id` as the document writes it. */
export const openApiPath = (path: string): string => path.replaceAll(/:(\w+)/g, "{$1}");

function operationOf({ path, docs, query, body }: Route): ZodOpenApiOperationObject {
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
          (body.mediaTypes ?? [JSON_MEDIA_TYPE]).map((type) => [type, { schema: body.schema, example: body.example }]),
        ),
      },
    }),
    responses: { ...responsesOf(docs.responses), ...problemsOf([...new Set([...docs.problems, ...commonProblems(body !== null)])]) },
  };
}

function responsesOf(responses: Route["docs"]["responses"]): ZodOpenApiResponsesObject {
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

/** What any route may answer; more where it reads a body. */
const commonProblems = (hasBody: boolean): readonly ProblemCode[] => [
  "invalid_request",
  "bad_header",
  ...(hasBody ? [...BODY_PROBLEMS, "clock_unsteady" as const] : []),
  "host_not_served",
  "internal",
  "store_unavailable",
];
const BODY_PROBLEMS = [
  "malformed_json",
  "body_required",
  "body_too_deep",
  "forbidden_key",
  "incomplete_body",
  "cross_site_request",
  "body_too_large",
  "unsupported_media_type",
] as const satisfies readonly ProblemCode[];

function problemsOf(codes: readonly ProblemCode[]): ZodOpenApiResponsesObject {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  const entries = [...byStatus].map(([status, of]) => [
    String(status),
    {
      description: of.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
      content: { "application/problem+json": { schema: ProblemSchema } },
      ...(status === 429 || status === 503
        ? { headers: z.object({ "Retry-After": z.string().meta({ description: "In seconds." }) }) }
        : {}),
    },
  ]);
  return Object.fromEntries(entries) as ZodOpenApiResponsesObject;
}

const REQUEST_HEADERS: Readonly<Record<RequestHeader, z.ZodType>> = {
  "If-Match": z.string().optional().meta({ description: 'Only if the job is at this version: an ETag such as "3", or *. Else 412.' }),
  "If-None-Match": z.string().optional().meta({ description: "`*`: only if there is no such job yet. Else 412." }),
  "Idempotency-Key": z
    .string()
    .optional()
    .meta({ description: "Yours, up to 255 visible ASCII characters: a repeat of the request does nothing more." }),
  "Last-Event-ID": z.string().optional().meta({ description: "The id of the last event that was seen." }),
};

const RESPONSE_HEADERS: Readonly<Record<ResponseHeader, z.ZodType>> = {
  ETag: z.string().meta({ description: "The version of the job, in quotes." }),
  Location: z.string().meta({ description: "Where it is found." }),
  Link: z.string().optional().meta({ description: 'The next page, `rel="next"`; absent on the last one.' }),
};
