import { isExpected } from "@tickline/shared/domain/expected-statuses";
import { toIso } from "@tickline/shared/domain/instant";
import type { Clock } from "@tickline/shared/ports/clock";
import { EXECUTOR_DEFAULTS } from "../executor-config.ts";
import { defineHandler, type Handler, type HandlerContext } from "../handlers/handler.ts";
import { createHttpClient, RequestRefused, type Answer, type HttpClient } from "./http-client.ts";
import { networkFault, requestFault, statusFault, type Requested } from "./http-fault.ts";
import { BODY_BYTES_MAX, headersOutput, httpOutput, type HttpOutput } from "./http-output.ts";
import { HttpParamsSchema, type HttpParams } from "./http-params.ts";
import { readBody, unreadableNote, type ReadBody } from "./read-body.ts";
import { requestSecrets, type RequestSecrets } from "./request-secrets.ts";
import { retryAfterMs } from "./retry-after.ts";
import { scrub } from "./scrub.ts";

export interface HttpHandlerLimits {
  /**
   * Connections to one origin at once; further requests wait, under the job's own timeout. Default: as many as there are workers by default. With
   * fewer than workers, requests that hang would keep those of other jobs and queues from their target.
   */
  readonly connectionsMax?: number;
  /** Longest time to connect, in milliseconds. Default 10,000. */
  readonly connectMs?: number;
  /** Largest head of an answer, its status line and headers, in bytes; of a larger one the status counts. Default 262,144. */
  readonly headBytesMax?: number;
  /** Longest `Retry-After` that is obeyed, in milliseconds; a longer one counts as this. Default 3,600,000. */
  readonly retryAfterMsMax?: number;
}

export interface HttpHandlerDeps {
  /** `now` is the store's time. */
  readonly clock: Pick<Clock, "now" | "setTimer">;
}

export interface HttpHandler {
  readonly handler: Handler<typeof HttpParamsSchema>;
  /** Ends its connections, and the requests on them: call it when no attempt runs any more. Safe to call twice. */
  close(): Promise<void>;
}

/** The built-in handler `http`: one request, its answer as the output. */
export function createHttpHandler({ clock }: HttpHandlerDeps, limits: HttpHandlerLimits = {}): HttpHandler {
  const { connectionsMax = EXECUTOR_DEFAULTS.workersMax, connectMs = 10_000, headBytesMax = 262_144, retryAfterMsMax = 3_600_000 } = limits;
  const client = createHttpClient({ clock, connectionsMax, connectMs, headBytesMax });
  const waitOf = ({ headers }: Answer): number | null => retryAfterMs(headers, { retryAfterMsMax, now: clock.now() });
  return {
    handler: {
      ...defineHandler({
        type: "http",
        description: "Sends one HTTP request. Redirects are not followed.",
        params: HttpParamsSchema,
        run: (context) => send(context, { client, waitOf }),
      }),
      builtIn: true,
    },
    async close() {
      client.close();
    },
  };
}

interface Sending {
  readonly client: HttpClient;
  readonly waitOf: (answer: Answer) => number | null;
}

async function send(context: HandlerContext<HttpParams>, { client, waitOf }: Sending): Promise<HttpOutput> {
  const { params, signal } = context;
  const url = new URL(params.url);
  const secrets = requestSecrets(params.headers, url);
  const requested: Requested = {
    method: params.method,
    url,
    scrub: (text, { cut }) => scrub(text, secrets.all, { beginnings: true, cut }),
  };
  const { answer, output } = await answered().catch((fault: unknown) => {
    signal.throwIfAborted();
    throw fault instanceof RequestRefused ? requestFault(requested, fault) : networkFault(requested, fault);
  });
  if (!isExpected(params.expect, output.status)) {
    throw statusFault(requested, { ...output, expect: params.expect, retryAfterMs: waitOf(answer) });
  }
  return output;

  async function answered() {
    const answer = await client.send(url, { ...requestOf(context), look: () => context.signal });
    return { answer, output: await outputOf(answer, secrets) };
  }
}

/** What is data of the answer stays as it is; credentials of the request have no place in it. */
async function outputOf(answer: Answer, { credentials }: RequestSecrets): Promise<HttpOutput> {
  const clean = (text: string, cut = false): string => scrub(text, credentials, { beginnings: false, cut });
  const headers = headersOutput(answer.headers);
  const { text, truncated, note } = await bodyOf(answer, headers);
  const shown = credentials.length === 0 ? headers : cleanHeaders(headers, clean);
  return httpOutput(answer.status, shown, { text: clean(text, truncated), truncated, note: note === null ? null : clean(note) });
}

const cleanHeaders = (headers: Readonly<Record<string, string>>, clean: (text: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [clean(name), clean(value)]));

function bodyOf({ body, unreadable }: Answer, headers: Readonly<Record<string, string>>): Promise<ReadBody> | ReadBody {
  if (body === null) {
    const fault = unreadable();
    return { text: "", truncated: fault !== null, note: fault === null ? null : unreadableNote(fault) };
  }
  return readBody({
    body,
    bytesMax: BODY_BYTES_MAX,
    contentType: headers["content-type"] ?? "",
    contentEncoding: headers["content-encoding"] ?? "",
    unreadable,
  });
}

/** The job's headers, and then ours: a target must be able to rely on them. */
function requestOf({ params, idempotencyKey, jobId, runId, attempt, scheduledFor }: HandlerContext<HttpParams>) {
  const body = typeof params.body === "string" || params.body === null ? params.body : JSON.stringify(params.body);
  const headers: Record<string, string> = { "user-agent": "tickline" };
  if (params.body !== null && typeof params.body !== "string") headers["content-type"] = "application/json";
  for (const [name, value] of Object.entries(params.headers)) headers[name.toLowerCase()] = value;
  headers["idempotency-key"] = idempotencyKey;
  headers["tickline-job-id"] = jobId;
  headers["tickline-run-id"] = runId;
  headers["tickline-attempt"] = String(attempt);
  headers["tickline-scheduled-for"] = toIso(scheduledFor.getTime());
  return { method: params.method, headers, body };
}
