import Router from "@koa/router";
import type { Clock } from "@tickline/shared/ports/clock";
import type { Logger } from "@tickline/shared/runtime/logger";
import Koa, { type Context, type Middleware, type Next } from "koa";
import { empty, type Answer } from "./http/answer.ts";
import { createBodyReader, type BodyLimits } from "./http/json-body.ts";
import { problemOfFault } from "./http/problem-of-fault.ts";
import { PROBLEMS, problem } from "./http/problem.ts";
import type { RequestMetrics } from "./http/request-metrics.ts";
import type { Route } from "./http/route.ts";
import { hostProblem, type HostCheck, type OriginCheck } from "./http/known-hosts.ts";
import { crossSiteProblem } from "./http/security-headers.ts";
import { sendAnswer } from "./http/send-answer.ts";
import { isOfTheService } from "@tickline/shared/runtime/http/service-paths";
import { shuttingDown } from "./http/shutting-down.ts";
import { createWorkSlots, respondInSlot, type WorkLimits } from "./http/work-slots.ts";

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly limits: BodyLimits & WorkLimits;
  readonly checkHost: HostCheck;
  readonly isOwnOrigin: OriginCheck;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RequestMetrics;
  /** While true, every answer asks its client to take a new connection next time. */
  readonly draining: () => boolean;
  /** While true, nothing that a store could keep is taken any more: requests that come on a connection still in use are refused. */
  readonly closing: () => boolean;
}

/** The Koa application apart from any socket: `app.callback()` serves it. */
export function createApp(options: AppOptions): Koa {
  const app = new Koa();
  app.use(outermost(options));
  app.use(routerOf(options).routes() as Middleware);
  // All answers are written by us, so all that reaches Koa is a connection that broke while it was written to.
  app.on("error", (fault: unknown) => options.log.debug({ err: fault }, "a connection broke"));
  return app;
}

function routerOf({ routes, limits, clock }: AppOptions): Router {
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

/** Every request passes here alone, so it is short: the hot reads are a few microseconds. */
function outermost({ routes, checkHost, isOwnOrigin, clock, log, metrics, draining, closing }: AppOptions): Middleware {
  return async (ctx: Context, next: Next) => {
    const startedMs = clock.monotonicMs();
    const { answer, route } = await answerOf(ctx, next, { routes, checkHost, isOwnOrigin, log, closing });
    const status = sendAnswer(ctx, answer, { closing: draining() });
    if (status === null) return;
    metrics.observe(route, { method: methodOf(ctx), status, seconds: (clock.monotonicMs() - startedMs) / 1_000 });
  };
}

/** What a request came to, and the route that said so. */
interface Answered {
  readonly answer: Answer;
  readonly route: string;
}

const NO_ROUTE = "none";

async function answerOf(
  ctx: Context,
  next: Next,
  { routes, checkHost, isOwnOrigin, log, closing }: Pick<AppOptions, "routes" | "checkHost" | "isOwnOrigin" | "log" | "closing">,
): Promise<Answered> {
  try {
    const refused = hostProblem(checkHost, ctx.req) ?? crossSiteProblem(ctx, isOwnOrigin);
    if (refused !== null) return { answer: refused, route: NO_ROUTE };
    if (closing() && !isOfTheService(ctx.path)) return { answer: shuttingDown(), route: NO_ROUTE };
    await next();
    return answeredOf(ctx) ?? { answer: pageWithSlash(ctx, routes) ?? unmatched(ctx), route: NO_ROUTE };
  } catch (thrown) {
    const { fault, problem: answer } = problemOfFault(thrown, `${ctx.method} ${ctx.path}`);
    if (PROBLEMS[answer.code].status === 500) log.error({ err: fault, method: ctx.method, path: ctx.path }, "a request failed");
    else log.warn({ err: fault, method: ctx.method, path: ctx.path }, "a request was not served");
    return { answer, route: String(ctx["_matchedRoute"] ?? NO_ROUTE) };
  }
}

const ANSWERED = Symbol("answered");
const answeredOf = (ctx: Context): Answered | undefined => (ctx.state as { [ANSWERED]?: Answered })[ANSWERED];
const setAnswered = (ctx: Context, answered: Answered): void => void ((ctx.state as { [ANSWERED]?: Answered })[ANSWERED] = answered);

/** What a client may call a method is endless, and labels must not be. */
const methodOf = ({ req: { method = "" } }: Context): string => (METHODS.has(method) ? method : "other");
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A page whose address ends with a slash, as people type it: sent on, for its links go from the address without. */
function pageWithSlash({ method, path, querystring }: Context, routes: readonly Route[]): Answer | null {
  if (!path.endsWith("/") || (method !== "GET" && method !== "HEAD")) return null;
  const page = routes.find((route) => route.path === path.slice(0, -1) && route.docs.responses[200]?.mediaType === "text/html");
  const name = page?.path.split("/").at(-1);
  return name === undefined ? null : { kind: "moved", location: `../${name}${querystring === "" ? "" : `?${querystring}`}` };
}

/** What no route took: another method, or another path. */
function unmatched(ctx: Context): Answer {
  const matched = ((ctx as { matched?: readonly { readonly methods: readonly string[] }[] }).matched ?? []).flatMap(
    ({ methods }) => methods,
  );
  if (matched.length === 0) return problem("route_not_found", `there is nothing at ${ctx.path}`);
  const Allow = [...new Set([...matched, "OPTIONS"])].toSorted().join(", ");
  if (ctx.method === "OPTIONS") return empty({ Allow });
  return problem("method_not_allowed", `${ctx.method} is not for ${ctx.path}: ${Allow} are`, { headers: { Allow } });
}
