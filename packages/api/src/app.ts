import Router from "@koa/router";
import type { Clock } from "@tickline/shared/ports/clock";
import type { Logger } from "@tickline/shared/runtime/logger";
import Koa, { type Context, type Middleware, type Next } from "koa";
import { EMPTY, type Answer } from "./http/answer.ts";
import { createBodyReader, type BodyLimits } from "./http/json-body.ts";
import { problemOfFault } from "./http/problem-of-fault.ts";
import { PROBLEMS, problem } from "./http/problem.ts";
import type { RequestMetrics } from "./http/request-metrics.ts";
import type { Route } from "./http/route.ts";
import { crossSiteProblem, setSecurityHeaders } from "./http/security-headers.ts";
import { sendAnswer } from "./http/send-answer.ts";

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly limits: BodyLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RequestMetrics;
  /** While true, every answer asks its client to take a new connection next time. */
  readonly draining: () => boolean;
}

/** The Koa application apart from any socket: `app.callback()` serves it. */
export function createApp(options: AppOptions): Koa {
  const app = new Koa();
  app.use(outermost(options));
  app.use(routerOf(options).routes() as Middleware);
  app.use(unmatched);
  // Answers are written by us, so all that reaches Koa is a connection that broke while it was written to.
  app.on("error", (fault: unknown) => options.log.debug({ err: fault }, "a connection broke"));
  return app;
}

function routerOf({ routes, limits }: AppOptions): Router {
  const router = new Router({ strict: true, sensitive: true });
  const readBody = createBodyReader(limits);
  for (const route of routes) {
    router.register(route.path, [route.method], async (ctx: Context) => {
      answerWith(ctx, await route.respond(ctx, readBody), route.path);
    });
  }
  return router;
}

/** Every request passes here alone, so it is short: the hot reads are a few microseconds. */
function outermost({ clock, log, metrics, draining }: AppOptions): Middleware {
  return async (ctx: Context, next: Next) => {
    const startedMs = clock.monotonicMs();
    setSecurityHeaders(ctx);
    try {
      const refused = crossSiteProblem(ctx);
      if (refused === null) await next();
      else answerWith(ctx, refused, NO_ROUTE);
    } catch (thrown) {
      const { fault, problem: said } = problemOfFault(thrown, `${ctx.method} ${ctx.path}`);
      if (PROBLEMS[said.code].status === 500) log.error({ err: fault, method: ctx.method, path: ctx.path }, "a request failed");
      else log.warn({ err: fault, method: ctx.method, path: ctx.path }, "a request was not served");
      answerWith(ctx, said, routeOf(ctx));
    }
    if (ctx.respond !== false) {
      if (draining()) ctx.res.setHeader("Connection", "close");
      metrics.observe(routeOf(ctx), { method: methodOf(ctx), status: ctx.status, seconds: (clock.monotonicMs() - startedMs) / 1_000 });
    }
  };
}

const NO_ROUTE = "none";
const ROUTE = Symbol("route");

function answerWith(ctx: Context, answer: Answer, route: string): void {
  (ctx.state as { [ROUTE]?: string })[ROUTE] = route;
  sendAnswer(ctx, answer);
}

const routeOf = (ctx: Context): string => (ctx.state as { [ROUTE]?: string })[ROUTE] ?? NO_ROUTE;

/** What a client may call a method is endless, and labels must not be. */
const methodOf = ({ method }: Context): string => (METHODS.has(method) ? method : "other");
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** What no route took: another method, or another path. */
function unmatched(ctx: Context): void {
  const matched = ((ctx as { matched?: readonly { readonly methods: readonly string[] }[] }).matched ?? []).flatMap(
    ({ methods }) => methods,
  );
  if (matched.length === 0) return answerWith(ctx, problem("route_not_found", `there is nothing at ${ctx.path}`), NO_ROUTE);
  const allowed = [...new Set([...matched, "OPTIONS"])].toSorted().join(", ");
  if (ctx.method === "OPTIONS") {
    ctx.set("Allow", allowed);
    return answerWith(ctx, EMPTY, NO_ROUTE);
  }
  answerWith(
    ctx,
    problem("method_not_allowed", `${ctx.method} is not for ${ctx.path}: ${allowed} are`, { headers: { Allow: allowed } }),
    NO_ROUTE,
  );
}
