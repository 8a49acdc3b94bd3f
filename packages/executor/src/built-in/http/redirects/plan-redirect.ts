import { httpUrlFault } from "@tickline/shared/domain/http/http-url";
import { URL_LENGTH_MAX } from "../http-params.ts";
import { isCredentialHeader } from "../request-secrets.ts";

/** One request of a chain of redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export type RedirectPlan =
  | { readonly kind: "answer" } // The answer is no redirect: it stands.
  | { readonly kind: "follow"; readonly hop: Hop }
  | { readonly kind: "refused"; readonly reason: string };

/** 300 leaves the choice to a person, and 304 is about a cache. */
const FOLLOWED_STATUSES = new Set([301, 302, 303, 307, 308]);
/** What an answer asks to request next, by the rules of fetch. The address of the next request is vetted when it is sent. */
export function planRedirect(
  hop: Hop,
  { status, location }: { readonly status: number; readonly location: string | undefined },
): RedirectPlan {
  if (!FOLLOWED_STATUSES.has(status) || location === undefined) return { kind: "answer" };
  const url = location.length > URL_LENGTH_MAX ? null : URL.parse(location, hop.url.href);
  if (url === null) return { kind: "refused", reason: "its Location is not a URL" };
  const fault = httpUrlFault(url.href);
  if (fault !== null) return { kind: "refused", reason: `its Location ${fault}` };
  if (hop.url.protocol === "https:" && url.protocol === "http:") {
    return { kind: "refused", reason: "its Location leads from https to http, where others could read the request" };
  }
  const becomesGet =
    (status === 303 && hop.method !== "GET" && hop.method !== "HEAD") || ((status === 301 || status === 302) && hop.method === "POST");
  const headers = Object.entries(hop.headers).filter(
    ([name, value]) =>
      !(becomesGet && describesBody(name)) && (url.origin === hop.url.origin || isOwn(name) || !isCredentialHeader(name, value)),
  );
  const content = becomesGet ? { method: "GET", body: null } : { method: hop.method, body: hop.body };
  return { kind: "follow", hop: { url, ...content, headers: Object.fromEntries(headers) } };
}

/** Without its body, a request has no headers about it, and no signature over it. */
const describesBody = (name: string): boolean => name.startsWith("content-") || name.startsWith("webhook-");

/** They identify the run, and give nobody a right. */
const isOwn = (name: string): boolean => name === "idempotency-key" || name.startsWith("tickline-") || name.startsWith("webhook-");
