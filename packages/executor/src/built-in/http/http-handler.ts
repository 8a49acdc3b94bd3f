import { isExpected } from "@tickline/shared/domain/http/expected-statuses";
import { toIso } from "@tickline/shared/domain/time/instant";
import type { Clock } from "@tickline/shared/ports/clock";
import { EXECUTOR_DEFAULTS } from "../../executor-config.ts";
import { defineHandler, type Handler, type HandlerContext } from "../../handlers/handler.ts";
import type { EgressGuard } from "../egress/egress-guard.ts";
import { TemplateFault } from "../templates/fill-template.ts";
import { EgressRefused } from "../egress/egress-refused.ts";
import { followRedirects, RedirectRefused } from "./redirects/follow-redirects.ts";
import { fillParams } from "./fill-params.ts";
import { createHostBreaker, type HostBreaker } from "./host-breaker.ts";
import { createHttpClient, RequestRefused, type Answer, type HttpClient } from "./http-client.ts";
import {
  breakerFault,
  egressFault,
  networkFault,
  redirectFault,
  requestFault,
  signFault,
  statusFault,
  templateFault,
  type HttpFault,
  type Requested,
} from "./http-fault.ts";
import { BODY_BYTES_MAX, joinHeaders, httpOutput, type HttpOutput } from "./http-output.ts";
import { HttpParamsSchema, type HttpParams } from "./http-params.ts";
import { readBody, unreadableNote, type ReadBody } from "./read-body.ts";
import type { Hop } from "./redirects/plan-redirect.ts";
import { requestSecrets } from "./request-secrets.ts";
import { retryAfterMs } from "./retry-after.ts";
import { scrub } from "./scrub.ts";
import { signRequest } from "./signing/sign-request.ts";
import type { SigningKeys } from "./signing/signing-keys.ts";

export interface HttpHandlerLimits {
  /**
   * Connections to one origin at once; further requests wait, within the timeout of their job. Default: the default number of workers. With fewer
   * connections than workers, requests that hang would delay those of other jobs and queues to the same target.
   */
  readonly connectionsMax?: number;
  /** Longest time to connect, in milliseconds. Default 10,000. */
  readonly connectMs?: number;
  /** Largest head of an answer (status line and headers), in bytes; of a larger one only the status is read. Default 262,144. */
  readonly headBytesMax?: number;
  /** Longest `Retry-After` that is obeyed, in milliseconds; a longer one counts as this. Default 3,600,000. */
  readonly retryAfterMsMax?: number;
  /** After so many requests in a row to a host that no answer came to, it is paused. Default 10. */
  readonly failuresMax?: number;
  /** How long a host is paused, in milliseconds: requests to it fail at once. Default 10,000. */
  readonly pauseMs?: number;
}

export interface HttpHandlerDeps {
  /** `now` is the store's time. */
  readonly clock: Pick<Clock, "now" | "monotonicMs" | "setTimer">;
  readonly egress: EgressGuard;
  /** Default: none. */
  readonly signingKeys?: SigningKeys;
}

export interface HttpHandler {
  readonly handler: Handler<typeof HttpParamsSchema>;
  /** Ends its connections and the requests on them. To be called when no attempt runs any more. Safe to call twice. */
  close(): Promise<void>;
}

/** The built-in handler `http`: one request, its answer as the output. */
export function createHttpHandler(
  { clock, egress, signingKeys = new Map() }: HttpHandlerDeps,
  limits: HttpHandlerLimits = {},
): HttpHandler {
  const { connectionsMax = EXECUTOR_DEFAULTS.workersMax, connectMs = 10_000, headBytesMax = 262_144, retryAfterMsMax = 3_600_000 } = limits;
  const { failuresMax = 10, pauseMs = 10_000 } = limits;
  const breaker = createHostBreaker(clock, { failuresMax, pauseMs });
  const client = createHttpClient({ clock, egress, connectionsMax, connectMs, headBytesMax });
  const readWaitMs = ({ headers }: Answer): number | null => retryAfterMs(headers, { retryAfterMsMax, now: clock.now() });
  return {
    handler: {
      ...defineHandler({
        type: "http",
        description: "Sends one HTTP request. Redirects are followed only if `redirects` says so.",
        params: HttpParamsSchema,
        run: (context) => send(context, { client, breaker, readWaitMs, clock, signingKeys }),
      }),
      builtIn: true,
    },
    async close() {
      client.close();
    },
  };
}

interface Sending extends Required<Pick<HttpHandlerDeps, "clock" | "signingKeys">> {
  readonly client: HttpClient;
  readonly breaker: HostBreaker;
  readonly readWaitMs: (answer: Answer) => number | null;
}

async function send(context: HandlerContext<HttpParams>, sending: Sending): Promise<HttpOutput> {
  const { client, readWaitMs, clock, signingKeys } = sending;
  const params = readParams(context);
  const url = new URL(params.url);
  const own = requestSecrets(params.headers, url);
  const secrets = [own];
  const requested = {
    method: params.method as string,
    url,
    scrub: (text: string, { cut }: { readonly cut: boolean }) =>
      scrub(
        text,
        secrets.flatMap(({ all }) => all),
        { beginnings: true, cut },
      ),
  };
  const key = findKey(requested, params.sign, signingKeys);
  const { answer, output } = await watchHost(context, requested, { breaker: sending.breaker, exchange });
  if (!isExpected(params.expect, output.status)) {
    throw statusFault(requested, { ...output, expect: params.expect, redirectsMax: params.redirects, retryAfterMs: readWaitMs(answer) });
  }
  return output;

  async function exchange() {
    const request = toRequest(context, params);
    const { idempotencyKey: id } = context;
    if (key !== null) Object.assign(request.headers, signRequest({ key, id, atMs: clock.now(), body: request.body ?? "" }));
    const readSignal = (): AbortSignal => context.signal;
    const answer = await (params.redirects === 0
      ? client.send(url, { ...request, readSignal })
      : followRedirects({ url, ...request }, { client, redirectsMax: params.redirects, readSignal, onHop }));
    const credentials = secrets.length === 1 ? own.credentials : secrets.flatMap((of) => of.credentials);
    return { answer, output: await toOutput(answer, credentials) };
  }
  /** From here on, faults name this request. A redirect may bring secrets of its own. */
  function onHop(hop: Hop): void {
    Object.assign(requested, { method: hop.method, url: hop.url });
    secrets.push(requestSecrets({}, hop.url));
  }
}

interface Exchange<Result> {
  readonly breaker: HostBreaker;
  readonly exchange: () => Promise<Result>;
}

/** Sends the request unless its host is paused, and tells the breaker what came of it. */
async function watchHost<Result>(
  context: HandlerContext<HttpParams>,
  requested: Requested,
  { breaker, exchange }: Exchange<Result>,
): Promise<Result> {
  const { host } = requested.url;
  const waitMs = breaker.begin(host);
  if (waitMs > 0) throw breakerFault(requested, waitMs);
  try {
    const result = await exchange();
    if (breaker.onAnswer(host)) context.log.info("a host answers again, and is no longer paused", { host });
    return result;
  } catch (thrown) {
    const { signal } = context;
    if (signal.aborted) breaker.onAbandoned(host);
    signal.throwIfAborted();
    const fault = toFault(requested, thrown);
    // A fault of another kind says nothing about the host: the request was not sent, or was answered by a redirect.
    if (fault.code !== "http_network") breaker.onAbandoned(host);
    else if (breaker.onFailure(host)) context.log.warn("a host does not answer, and is paused", { host });
    throw fault;
  }
}

function readParams(context: HandlerContext<HttpParams>): HttpParams {
  try {
    return fillParams(context);
  } catch (fault) {
    throw fault instanceof TemplateFault ? templateFault(context.params, fault) : fault;
  }
}

/** Null: the request is not to be signed. */
function findKey(requested: Requested, name: string | undefined, keys: SigningKeys): Buffer | null {
  if (name === undefined) return null;
  const key = keys.get(name);
  if (key === undefined) throw signFault(requested, name);
  return key;
}

function toFault(requested: Requested, fault: unknown): HttpFault {
  if (fault instanceof EgressRefused) return egressFault(requested, fault);
  if (fault instanceof RedirectRefused) return redirectFault(requested, fault);
  return fault instanceof RequestRefused ? requestFault(requested, fault) : networkFault(requested, fault);
}

/** Only credentials of the request are removed: all else may be data of the answer. */
async function toOutput(answer: Answer, credentials: readonly string[]): Promise<HttpOutput> {
  const clean = (text: string, cut = false): string => scrub(text, credentials, { beginnings: false, cut });
  const headers = joinHeaders(answer.headers);
  const { text, truncated, note } = await takeBody(answer, headers);
  const shown = credentials.length === 0 ? headers : cleanHeaders(headers, clean);
  return httpOutput(answer.status, shown, { text: clean(text, truncated), truncated, note: note === null ? null : clean(note) });
}

const cleanHeaders = (headers: Readonly<Record<string, string>>, clean: (text: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [clean(name), clean(value)]));

function takeBody({ body, unreadable }: Answer, headers: Readonly<Record<string, string>>): Promise<ReadBody> | ReadBody {
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

/** The headers of Tickline replace those of the job: a target must be able to rely on them. */
function toRequest({ idempotencyKey, jobId, runId, attempt, scheduledFor }: HandlerContext<HttpParams>, params: HttpParams) {
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
