import { Agent, type Dispatcher } from "undici";
import { toIso } from "@tickline/shared/domain/instant";
import { defineHandler, type Handler, type HandlerContext } from "../handler.ts";
import { isExpected } from "./expect-status.ts";
import { networkFault, statusFault } from "./http-fault.ts";
import { BODY_BYTES_MAX, headersOutput, httpOutput, type HttpOutput } from "./http-output.ts";
import { HttpParamsSchema, type HttpParams } from "./http-params.ts";
import { readBody } from "./read-body.ts";
import { requestUnderSignal } from "./request-under-signal.ts";

export interface HttpHandlerLimits {
  /** Connections to one origin at once; further requests wait, under the job's own timeout. Default 100. */
  readonly connectionsMax?: number;
  /** Longest time to connect, in milliseconds. Default 10,000. */
  readonly connectMs?: number;
}

export interface HttpHandler {
  readonly handler: Handler<typeof HttpParamsSchema>;
  /** Ends its connections, and the requests on them: call it when no attempt runs any more. Safe to call twice. */
  close(): Promise<void>;
}

/** The built-in handler `http`: one request, its answer as the output. */
export function createHttpHandler({ connectionsMax = 100, connectMs = 10_000 }: HttpHandlerLimits = {}): HttpHandler {
  const agent = new Agent({
    connections: connectionsMax,
    connect: { timeout: connectMs },
    // The signal ends a slow answer at the job's own timeout; limits of the connection's own would be others.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false, // One request a connection, so that the limit of connections is one of requests.
  });
  let closed: Promise<void> | null = null;
  return {
    handler: {
      ...defineHandler({
        type: "http",
        description: "Sends one HTTP request. Redirects are not followed.",
        params: HttpParamsSchema,
        run: (context) => send(context, agent),
      }),
      builtIn: true,
    },
    close: () => (closed ??= agent.destroy()),
  };
}

async function send(context: HandlerContext<HttpParams>, dispatcher: Dispatcher): Promise<HttpOutput> {
  const { params, signal } = context;
  const url = new URL(params.url);
  const answer = await answerOf(context, url, dispatcher).catch((fault: unknown) => {
    signal.throwIfAborted();
    throw networkFault(params.method, url, fault);
  });
  if (!isExpected(params.expect, answer.status)) throw statusFault({ ...answer, method: params.method, url, expect: params.expect });
  return answer;
}

async function answerOf(context: HandlerContext<HttpParams>, url: URL, dispatcher: Dispatcher): Promise<HttpOutput> {
  const { params } = context;
  const { statusCode, headers, body } = await requestUnderSignal(url, {
    dispatcher,
    method: params.method,
    headers: requestHeaders(context),
    body: typeof params.body === "string" || params.body === null ? params.body : JSON.stringify(params.body),
    look: () => context.signal,
  });
  const shown = headersOutput(headers);
  const read = await readBody(body, { bytesMax: BODY_BYTES_MAX, contentType: shown["content-type"] ?? "" });
  return httpOutput(statusCode, shown, read);
}

/** The job's headers, and then ours: a target must be able to rely on them. */
function requestHeaders({
  params,
  idempotencyKey,
  jobId,
  runId,
  attempt,
  scheduledFor,
}: HandlerContext<HttpParams>): Record<string, string> {
  const headers: Record<string, string> = { "user-agent": "tickline" };
  if (params.body !== null && typeof params.body !== "string") headers["content-type"] = "application/json";
  for (const [name, value] of Object.entries(params.headers)) headers[name.toLowerCase()] = value;
  headers["idempotency-key"] = idempotencyKey;
  headers["tickline-job-id"] = jobId;
  headers["tickline-run-id"] = runId;
  headers["tickline-attempt"] = String(attempt);
  headers["tickline-scheduled-for"] = toIso(scheduledFor.getTime());
  return headers;
}
