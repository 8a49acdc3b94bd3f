import type { Context } from "koa";
import { problem, type Problem } from "./problem.ts";

/** What every answer carries. Answers are data for programs: nothing in them is to be run, framed, sniffed or kept. */
export const SECURITY_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/**
 * Any page in a browser on this machine can send a POST without a body here, and no preflight would ask us first. Browsers
 * say where a request comes from; other clients do not send the header.
 */
export function crossSiteProblem(ctx: Context): Problem | null {
  const site = ctx.req.headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none" || ctx.method === "GET" || ctx.method === "HEAD") return null;
  return problem("cross_site_request", "a web page may change something here only if it comes from here");
}
