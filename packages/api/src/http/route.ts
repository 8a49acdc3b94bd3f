import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "koa";
import { z } from "zod";
import type { Answer } from "./answer.ts";
import { USER_AGENT_LENGTH_MAX, type Client } from "@tickline/shared/domain/cancel";
import type { HeaderOf } from "../request/conditions.ts";
import { JSON_MEDIA_TYPE, type BodyReader } from "../request/json-body.ts";
import { ok, type Parsed, type Step } from "../request/parsed.ts";
import { invalidRequest, problem, type Fault, type ProblemCode } from "../problems/problem.ts";
import { queryReader, type QuerySchema } from "../request/query.ts";
import { sayFault, schemaFaults, type SayUnknown } from "../problems/schema-faults.ts";

/** What a route is asked, parsed: nothing of the wire travels further in. */
export interface RouteRequest<Query, Body> {
  /** The `:id` of the path; empty where there is none. */
  readonly id: string;
  readonly query: Query;
  readonly body: Body;
  readonly path: string;
  /** As it came, without the question mark. */
  readonly querystring: string;
  readonly header: HeaderOf;
  readonly client: () => Client;
  /** For the one route that answers for as long as anybody listens. */
  readonly connection: { readonly req: IncomingMessage; readonly res: ServerResponse };
}

export interface BodySpec<Body> {
  readonly schema: z.ZodType<Body>;
  /** What the OpenAPI document says of it. Default: `schema`. For a body whose values are read when more is known than the body says. */
  readonly documented?: z.ZodType;
  /** Default: JSON alone. */
  readonly mediaTypes?: readonly string[];
  /** What the page of the document offers to send. Beside the schema, where it would be lost: one that transforms what it reads shows no examples. */
  readonly example: object;
  /** What is read when there is no body; without it one is required. */
  readonly ifAbsent?: object;
  /** What to say of a field that is unknown here. */
  readonly unknown?: SayUnknown;
  /** What else is wrong with a body that the schema refuses already: so that all faults are told at once. */
  readonly also?: (given: unknown) => Promise<readonly Fault[]>;
}

/** For a POST whose path says everything: the body may be an empty object, and nothing else. */
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

/** What the OpenAPI document says of a route besides its schemas. */
export interface RouteDocs {
  readonly operationId: string;
  readonly tag: "Jobs" | "Runs" | "Schedules" | "Handlers" | "Events" | "Service";
  readonly summary: string;
  readonly description?: string;
  readonly id?: z.ZodType;
  readonly headers?: readonly RequestHeader[];
  readonly responses: Readonly<Record<number, ResponseDocs>>;
  readonly problems: readonly ProblemCode[];
}

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** One route: what the router dispatches to, and what the document is made from. */
export interface Route {
  readonly method: Method;
  /** As @koa/router writes it: `/jobs/:id`. */
  readonly path: string;
  readonly docs: RouteDocs;
  readonly query: QuerySchema | null;
  readonly body: BodySpec<unknown> | null;
  respond(ctx: Context, readBody: BodyReader): Promise<Answer> | Answer;
}

export interface RouteSpec<Query extends QuerySchema, Body> {
  readonly method: Method;
  readonly path: string;
  readonly docs: RouteDocs;
  readonly query: Query;
  /** Query keys that may be said several times. */
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
    respond(ctx) {
      const query = readQuery(ctx.querystring);
      return query.kind === "faults" ? invalidRequest(query.faults) : spec.handle(requestOf(ctx, query.value, undefined));
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
    async respond(ctx, readBody) {
      const query = readQuery(ctx.querystring);
      if (query.kind === "faults") return invalidRequest(query.faults);
      const given = await readBody(ctx, body.mediaTypes ?? [JSON_MEDIA_TYPE]);
      if (given.kind === "problem") return given;
      const parsed = await parseBody(body, given.value);
      return parsed.kind === "problem" ? parsed : spec.handle(requestOf(ctx, query.value, parsed.value));
    },
  };
}

const requestOf = <Query, Body>(ctx: Context, query: Query, body: Body): RouteRequest<Query, Body> => ({
  id: (ctx["params"] as { id?: string }).id ?? "",
  query,
  body,
  path: ctx.path,
  querystring: ctx.querystring,
  header: (name) => ctx.req.headers[name] as string | undefined,
  client: () => readClient(ctx.req),
  connection: ctx,
});

/** Who sent a request, as far as it is known without a login. */
function readClient({ socket, headers }: IncomingMessage): Client {
  const address = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, "") ?? null;
  return { address, userAgent: headers["user-agent"]?.slice(0, USER_AGENT_LENGTH_MAX) ?? null };
}

/** Reads a body, or what stands for one in a command, saying all that is wrong with it at once. */
export async function parseBody<Body>(spec: BodySpec<Body>, given: unknown): Promise<Step<Body>> {
  const value = given === undefined ? spec.ifAbsent : given;
  if (value === undefined) return problem("body_required", "this route wants a JSON object in the body");
  const result = parseWith(spec, value);
  if (result.kind === "parsed") return ok(result.value);
  const places = new Set(result.faults.map(({ pointer }) => pointer));
  const more = ((await spec.also?.(value)) ?? []).filter(({ pointer }) => !places.has(pointer));
  return invalidRequest([...result.faults, ...more]);
}

/** Reads a value by a schema, saying all that is wrong with it at once. */
export function parseWith<Body>({ schema, unknown }: Pick<BodySpec<Body>, "schema" | "unknown">, value: unknown): Parsed<Body> {
  const result = schema.safeParse(value, { error: sayFault, reportInput: true });
  return result.success
    ? { kind: "parsed", value: result.data }
    : { kind: "faults", faults: schemaFaults(result.error.issues, { schema, ...(unknown && { unknown }) }) };
}
