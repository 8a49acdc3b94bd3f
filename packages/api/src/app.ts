import Router from "@koa/router";
import type { Clock } from "@tickline/shared/ports/clock";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import Koa, { type Context, type Middleware, type Next } from "koa";
import { empty, type Answer } from "./http/answer.ts";
import { createBodyReader, type BodyLimits, type BodyReader } from "./request/json-body.ts";
import { toFaultProblem } from "./problems/fault-problem.ts";
import { PROBLEMS, problem, shuttingDown } from "./problems/problem.ts";
import type { RequestMetrics } from "./http/request-metrics.ts";
import type { OutsideSlot, Route } from "./http/route.ts";
import { crossSiteProblem, hostProblem, type HostCheck, type OriginCheck } from "./http/known-hosts.ts";
import { sendAnswer } from "./http/send-answer.ts";
import { isOfTheService } from "@tickline/shared/runtime/http/service-paths";
import { createWorkSlots, type WorkLimits, type WorkSlots } from "./http/work-slots.ts";

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly limits: BodyLimits & WorkLimits;
  readonly checkHost: HostCheck;
  readonly isOwnOrigin: OriginCheck;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RequestMetrics;
  /** While true, every answer asks its client to open a new connection for the next request. */
  readonly draining: () => boolean;
  /** While true, requests that arrive on connections still in use are refused, except those for probes and metrics. */
  readonly closing: () => boolean;
}

/** The Koa application apart from any socket: `app.callback()` serves it. */
export function createApp(options: AppOptions): Koa {
  const app = new Koa();
  app.use(handleRequests(options));
  app.use(createRouter(options).routes() as Middleware);
  // `sendAnswer` writes all answers, so Koa sees only errors of connections that broke during a write.
  app.on("error", (fault: unknown) => options.log.debug({ err: fault }, "a connection broke"));
  return app;
}

function createRouter({ routes, limits, clock }: AppOptions): Router {
  const router = new Router({ strict: true, sensitive: true });
  const readBody = createBodyReader(limits);
  const slots = createWorkSlots({ clock, limits });
  for (const route of routes) {
    router.register(route.path, [route.method], async (ctx: Context) => {
      setAnswered(ctx, { answer: await respondInSlot(slots, { route, ctx, readBody }), route: route.path });
    });
  }
  return router;
}

/** Probes never wait for other requests. */
const PROBES: ReadonlySet<string> = new Set(["/livez", "/readyz"]);

/** Calls the route in a slot. Only its work takes the slot: a body that arrives slowly does not. */
async function respondInSlot(
  slots: WorkSlots,
  { route, ctx, readBody }: { readonly route: Route; readonly ctx: Context; readonly readBody: BodyReader },
): Promise<Answer> {
  if (PROBES.has(route.path)) return route.respond(ctx, readBody, (wait) => wait());
  let isIn = false;
  async function enter(): Promise<void> {
    await slots.enter();
    isIn = true;
  }
  function leave(): void {
    if (isIn) slots.leave();
    isIn = false;
  }
  const outsideSlot: OutsideSlot = async (wait) => {
    leave();
    try {
      return await wait();
    } finally {
      await enter();
    }
  };
  try {
    if (route.body === null) await enter();
    return await route.respond(ctx, (given, mediaTypes) => readBody(given, mediaTypes, enter), outsideSlot);
  } finally {
    leave();
  }
}

/** The one middleware that every request passes. It is short, because the most frequent reads take only microseconds. */
function handleRequests({ routes, checkHost, isOwnOrigin, clock, log, metrics, draining, closing }: AppOptions): Middleware {
  return async (ctx: Context, next: Next) => {
    const startedMs = clock.monotonicMs();
    const { answer, route } = await answerRequest(ctx, next, { routes, checkHost, isOwnOrigin, log, closing });
    const status = sendAnswer(ctx, answer, { closing: draining() });
    if (status === null) return;
    metrics.observe(route, { method: methodLabel(ctx), status, seconds: (clock.monotonicMs() - startedMs) / 1_000 });
  };
}

/** The answer to a request, and the route that gave it. */
interface Answered {
  readonly answer: Answer;
  readonly route: string;
}

const NO_ROUTE = "none";

async function answerRequest(
  ctx: Context,
  next: Next,
  { routes, checkHost, isOwnOrigin, log, closing }: Pick<AppOptions, "routes" | "checkHost" | "isOwnOrigin" | "log" | "closing">,
): Promise<Answered> {
  try {
    const refused = hostProblem(checkHost, ctx.req) ?? crossSiteProblem(ctx, isOwnOrigin);
    if (refused !== null) return { answer: refused, route: NO_ROUTE };
    if (closing() && !isOfTheService(ctx.path)) return { answer: shuttingDown(), route: NO_ROUTE };
    await next();
    return getAnswered(ctx) ?? { answer: pageWithSlash(ctx, routes) ?? unmatched(ctx), route: NO_ROUTE };
  } catch (thrown) {
    const { fault, problem: answer } = toFaultProblem(thrown, `${ctx.method} ${ctx.path}`);
    if (PROBLEMS[answer.code].status === 500) log.error({ err: fault, method: ctx.method, path: ctx.path }, "a request failed");
    else log.warn({ err: fault, method: ctx.method, path: ctx.path }, "a request was not served");
    return { answer, route: String(ctx["_matchedRoute"] ?? NO_ROUTE) };
  }
}

const ANSWERED = Symbol("answered");
const getAnswered = (ctx: Context): Answered | undefined => (ctx.state as { [ANSWERED]?: Answered })[ANSWERED];
const setAnswered = (ctx: Context, answered: Answered): void => void ((ctx.state as { [ANSWERED]?: Answered })[ANSWERED] = answered);

/** Clients may send any method, but the number of labels has to be bounded. */
const methodLabel = ({ req: { method = "" } }: Context): string => (METHODS.has(method) ? method : "other");
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A page whose address has a slash at the end, as people type it, is redirected: its links are relative to the address without the slash. */
function pageWithSlash({ method, path, querystring }: Context, routes: readonly Route[]): Answer | null {
  if (!path.endsWith("/") || (method !== "GET" && method !== "HEAD")) return null;
  const page = routes.find((route) => route.path === path.slice(0, -1) && route.docs.responses[200]?.mediaType === "text/html");
  const name = page?.path.split("/").at(-1);
  return name === undefined ? null : { kind: "moved", location: `../${name}${querystring === "" ? "" : `?${querystring}`}` };
}

/** The answer if no route matched: another method, or another path. */
function unmatched(ctx: Context): Answer {
  const matched = ((ctx as { matched?: readonly { readonly methods: readonly string[] }[] }).matched ?? []).flatMap(
    ({ methods }) => methods,
  );
  if (matched.length === 0) return problem("route_not_found", `there is nothing at ${ctx.path}`);
  const Allow = [...new Set([...matched, "OPTIONS"])].toSorted().join(", ");
  if (ctx.method === "OPTIONS") return empty({ Allow });
  return problem("method_not_allowed", `${ctx.method} is not for ${ctx.path}: ${Allow} are`, { headers: { Allow } });
}
