import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "koa";
import { z } from "zod";
import type { Answer } from "./answer.ts";
import { USER_AGENT_LENGTH_MAX, type Client } from "@tickline/shared/domain/run/cancel";
import type { HeaderOf } from "../request/conditions.ts";
import { JSON_MEDIA_TYPE, type BodyReader } from "../request/json-body.ts";
import { ok, type Parsed, type Step } from "../request/parsed.ts";
import { invalidRequest, problem, type Fault, type ProblemCode } from "../problems/problem.ts";
import { queryReader, type QuerySchema } from "../request/query.ts";
import { sayFault, schemaFaults, type SayUnknown } from "../problems/schema-faults.ts";

export type OutsideSlot = <Value>(wait: () => Promise<Value>) => Promise<Value>;

/** A parsed request. Nothing else of the wire passes beyond this point. */
export interface RouteRequest<Query, Body> {
  /** The `:id` of the path; empty if there is none. */
  readonly id: string;
  readonly query: Query;
  readonly body: Body;
  readonly path: string;
  /** Unchanged, without the question mark. */
  readonly querystring: string;
  readonly header: HeaderOf;
  readonly client: () => Client;
  /** Waits without a slot of the requests that are processed at once: for waits that other requests must not wait for. */
  readonly outsideSlot: OutsideSlot;
  /** For the event stream, whose answer does not end, and for a request that waits for as long as its client does. */
  readonly connection: { readonly req: IncomingMessage; readonly res: ServerResponse };
}

export interface BodySpec<Body> {
  readonly schema: z.ZodType<Body>;
  /** The schema in the OpenAPI document. Default: `schema`. For a body whose values can be checked only together with stored data. */
  readonly documented?: z.ZodType;
  /** Default: only JSON. */
  readonly mediaTypes?: readonly string[];
  /** The example on the page of the document. It is not part of the schema, because a schema that transforms its input shows no examples. */
  readonly example: object;
  /** The value if there is no body. Without it a body is required. */
  readonly ifAbsent?: object;
  /** The fault of an unknown field. */
  readonly unknown?: SayUnknown;
  /** Further faults of a body that the schema refuses, so that the answer lists all faults at once. */
  readonly also?: (given: unknown) => Promise<readonly Fault[]>;
}

/** For a POST without input besides its path: the body may be absent or an empty object. */
export const noBody: BodySpec<Record<string, never>> = { schema: z.strictObject({}), example: {}, ifAbsent: {} };

export const noQuery = z.object({});

export interface ResponseDocs {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly headers?: readonly ResponseHeader[];
  /** Default: JSON. */
  readonly mediaType?: string;
}
export type ResponseHeader = "ETag" | "Location" | "Link";
export type RequestHeader = "If-Match" | "If-None-Match" | "Idempotency-Key" | "Last-Event-ID";

/** The description of a route in the OpenAPI document, besides its schemas. */
export interface RouteDocs {
  readonly operationId: string;
  readonly tag: "Jobs" | "Runs" | "Schedules" | "Handlers" | "Queues" | "Events" | "Service";
  readonly summary: string;
  readonly description?: string;
  readonly id?: z.ZodType;
  readonly headers?: readonly RequestHeader[];
  readonly responses: Readonly<Record<number, ResponseDocs>>;
  readonly problems: readonly ProblemCode[];
}

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** One route: the router calls it, and the document is made from it. */
export interface Route {
  readonly method: Method;
  /** As @koa/router writes it: `/jobs/:id`. */
  readonly path: string;
  readonly docs: RouteDocs;
  readonly query: QuerySchema | null;
  readonly body: BodySpec<unknown> | null;
  respond(ctx: Context, readBody: BodyReader, outsideSlot: OutsideSlot): Promise<Answer> | Answer;
}

export interface RouteSpec<Query extends QuerySchema, Body> {
  readonly method: Method;
  readonly path: string;
  readonly docs: RouteDocs;
  readonly query: Query;
  /** Query keys that may be repeated. */
  readonly repeatable?: readonly string[];
  readonly handle: (request: RouteRequest<z.output<Query>, Body>) => Promise<Answer> | Answer;
}

/** A route without a body. */
export function route<Query extends QuerySchema>(spec: RouteSpec<Query, undefined>): Route {
  const readQuery = queryReader(spec.query, spec.repeatable);
  return {
    method: spec.method,
    path: spec.path,
    docs: spec.docs,
    query: spec.query,
    body: null,
    respond(ctx, _readBody, outsideSlot) {
      const query = readQuery(ctx.querystring);
      return query.kind === "faults"
        ? invalidRequest(query.faults)
        : spec.handle(toRequest(ctx, { query: query.value, body: undefined, outsideSlot }));
    },
  };
}

/** A route with a body. */
export function bodyRoute<Query extends QuerySchema, Body>(spec: RouteSpec<Query, Body> & { readonly body: BodySpec<Body> }): Route {
  const readQuery = queryReader(spec.query, spec.repeatable);
  const { body } = spec;
  return {
    method: spec.method,
    path: spec.path,
    docs: spec.docs,
    query: spec.query,
    body,
    async respond(ctx, readBody, outsideSlot) {
      const query = readQuery(ctx.querystring);
      if (query.kind === "faults") return invalidRequest(query.faults);
      const given = await readBody(ctx, body.mediaTypes ?? [JSON_MEDIA_TYPE]);
      if (given.kind === "problem") return given;
      const parsed = await parseBody(body, given.value);
      return parsed.kind === "problem" ? parsed : spec.handle(toRequest(ctx, { query: query.value, body: parsed.value, outsideSlot }));
    },
  };
}

const toRequest = <Query, Body>(
  ctx: Context,
  parsed: Pick<RouteRequest<Query, Body>, "query" | "body" | "outsideSlot">,
): RouteRequest<Query, Body> => ({
  ...parsed,
  id: (ctx["params"] as { id?: string }).id ?? "",
  path: ctx.path,
  querystring: ctx.querystring,
  header: (name) => ctx.req.headers[name] as string | undefined,
  client: () => readClient(ctx.req),
  connection: ctx,
});

/** The sender of a request, as far as it is known without a login. */
function readClient({ socket, headers }: IncomingMessage): Client {
  const address = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, "") ?? null;
  return { address, userAgent: headers["user-agent"]?.slice(0, USER_AGENT_LENGTH_MAX) ?? null };
}

/** Parses a body, or the body in a command. Lists all faults at once. */
export async function parseBody<Body>(spec: BodySpec<Body>, given: unknown): Promise<Step<Body>> {
  const value = given === undefined ? spec.ifAbsent : given;
  if (value === undefined) return problem("body_required", "this route requires a JSON object as the body");
  const result = parseWith(spec, value);
  if (result.kind === "parsed") return ok(result.value);
  const places = new Set(result.faults.map(({ pointer }) => pointer));
  const more = ((await spec.also?.(value)) ?? []).filter(({ pointer }) => !places.has(pointer));
  return invalidRequest([...result.faults, ...more]);
}

/** Parses a value by a schema. Lists all faults at once. */
export function parseWith<Body>({ schema, unknown }: Pick<BodySpec<Body>, "schema" | "unknown">, value: unknown): Parsed<Body> {
  const result = schema.safeParse(value, { error: sayFault, reportInput: true });
  return result.success
    ? { kind: "parsed", value: result.data }
    : { kind: "faults", faults: schemaFaults(result.error.issues, { schema, ...(unknown && { unknown }) }) };
}
