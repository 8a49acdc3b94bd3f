import type { Context } from "koa";
import type { OriginCheck } from "./known-hosts.ts";
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
 * say where a request comes from: `Sec-Fetch-Site` to hosts they trust (https, localhost), `Origin` to all. Other clients do
 * not send these headers.
 */
export function crossSiteProblem({ method, req: { headers } }: Context, isOwnOrigin: OriginCheck): Problem | null {
  if (method === "GET" || method === "HEAD") return null;
  const { "sec-fetch-site": site, origin, host } = headers;
  const isOwnSite = site === undefined || site === "same-origin" || site === "none";
  if (isOwnSite && (origin === undefined || isOwnOrigin(origin, host))) return null;
  return problem("cross_site_request", "a web page may change something here only if it comes from here");
}
