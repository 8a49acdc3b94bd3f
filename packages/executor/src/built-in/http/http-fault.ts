import type { EgressRefused } from "../egress/egress-refused.ts";
import type { RedirectRefused } from "./redirects/follow-redirects.ts";

/** Why a request failed. Its message never contains the query, the headers or the body of the request: those may be secrets. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
  readonly code:
    | "http_status"
    | "http_network"
    | "http_breaker"
    | "http_request"
    | "http_egress"
    | "http_sign"
    | "http_redirect"
    | "http_template";
  readonly retryable: boolean;
  /** The next attempt waits at least so long, in milliseconds; null: no wait was asked for. */
  readonly retryAfterMs: number | null;

  constructor(code: HttpFault["code"], message: string, options: { readonly retryable: boolean; readonly retryAfterMs?: number | null }) {
    super(message); // Without a cause: it would show what the target sent, with secrets.
    this.code = code;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Request timeout, too early, too many requests: the same request may succeed later, as after every fault of the server. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);
/** So much of an unexpected answer is shown in the message, in characters. */
const EXCERPT_LENGTH_MAX = 300;
/** So much of a text is searched for secrets to make an excerpt, in characters. */
const SEARCHED_LENGTH_MAX = 4_096;

/** Removes the secrets of the request from a text of another party. `cut`: the text was cut at its end. */
export type Scrub = (text: string, options: { readonly cut: boolean }) => string;

export interface Requested {
  readonly method: string;
  readonly url: URL;
  readonly scrub: Scrub;
}

export interface UnexpectedAnswer {
  readonly status: number;
  readonly expect: string;
  /** How many redirects the job lets be followed. */
  readonly redirectsMax: number;
  readonly body: string;
  readonly truncated: boolean;
  readonly note?: string;
  /** The wait that the target asks for, in milliseconds; null: none. */
  readonly retryAfterMs: number | null;
}

export function statusFault({ method, url, scrub }: Requested, answer: UnexpectedAnswer): HttpFault {
  const { status, expect, redirectsMax, body, truncated, note, retryAfterMs } = answer;
  const retryable = status >= 500 || RETRYABLE_STATUSES.has(status);
  const hints = [
    ...(status >= 300 && status < 400
      ? [redirectsMax > 0 ? `of redirects at most ${redirectsMax} are followed` : "redirects are not followed"]
      : []),
    ...(retryable && retryAfterMs !== null ? [`the target asks to wait ${Math.ceil(retryAfterMs / 1_000)} s`] : []),
    ...(note === undefined ? [] : [scrub(note, { cut: false })]),
  ];
  const cut = truncated || body.length > SEARCHED_LENGTH_MAX;
  const excerpt = scrub(body.slice(0, SEARCHED_LENGTH_MAX), { cut }).trim().slice(0, EXCERPT_LENGTH_MAX);
  const message = [`${method} ${url.origin}${url.pathname} answered ${status}, expected ${expect}`, ...hints].join("; ");
  return new HttpFault("http_status", excerpt === "" ? message : `${message}: ${excerpt}`, { retryable, retryAfterMs });
}

/** Node refuses to send the request, so nothing was sent. It would refuse it again. */
export const requestFault = (requested: Requested, fault: unknown): HttpFault =>
  new HttpFault("http_request", toMessage(requested, fault), { retryable: false });

/** The executor may not connect there, so nothing was sent. */
export const egressFault = ({ method, url }: Requested, refused: EgressRefused): HttpFault =>
  new HttpFault("http_egress", `${method} ${url.origin}${url.pathname}: ${refused.message}`, { retryable: false });

/** The answer asks for a request that is not sent. Whatever was asked of the target is done, so it is not asked again. */
export const redirectFault = ({ method, url }: Requested, refused: RedirectRefused): HttpFault =>
  new HttpFault("http_redirect", `${method} ${url.origin}${url.pathname} ${refused.message}`, { retryable: false });

/** A template cannot be filled, so nothing was sent. The message has no values. */
export const templateFault = ({ method }: { readonly method: string }, { message }: Error): HttpFault =>
  new HttpFault("http_template", `${method}: ${message}`, { retryable: false });

/** The executor has no such key. Nothing was sent. */
export const signFault = ({ method, url }: Requested, name: string): HttpFault =>
  new HttpFault(
    "http_sign",
    `${method} ${url.origin}${url.pathname}: this executor has no signing key ${name}; add it to the file that SIGNING_KEYS_FILE names, and restart the executor`,
    { retryable: false },
  );

/** No answer came, or only a part of it. */
export const networkFault = (requested: Requested, fault: unknown): HttpFault =>
  new HttpFault("http_network", toMessage(requested, fault), { retryable: true });

/** Nothing was sent: too many requests to this host had no answer. */
export const breakerFault = ({ method, url }: Requested, waitMs: number): HttpFault =>
  new HttpFault(
    "http_breaker",
    `${method} ${url.origin}${url.pathname}: the last requests to ${url.host} had no answer, so none is sent for another ${Math.ceil(waitMs / 1_000)} s`,
    { retryable: true, retryAfterMs: waitMs },
  );

/** Codes for certificates of an authority that is not trusted here. */
const UNKNOWN_AUTHORITY = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

function toMessage({ method, url, scrub }: Requested, fault: unknown): string {
  const { code } = readFields(fault);
  const hint = UNKNOWN_AUTHORITY.has(code) ? "; the executor trusts the authorities in the file that NODE_EXTRA_CA_CERTS names" : "";
  return `${method} ${url.origin}${url.pathname}: ${scrub(toReason(fault), { cut: false })}${code === "" ? "" : ` (${code})`}${hint}`;
}

/** A host with several addresses fails with one error for each, and an empty message of its own. */
function toReason(fault: unknown): string {
  const { message, errors } = readFields(fault);
  if (message !== "") return message;
  return errors.length > 0 ? errors.map(toReason).join("; ") : String(fault);
}

/** By their names, not by the class, which is another one if the fault comes from another realm. */
function readFields(fault: unknown): { readonly code: string; readonly message: string; readonly errors: readonly unknown[] } {
  const { code, message, errors } = (typeof fault === "object" && fault !== null ? fault : {}) as Readonly<Record<string, unknown>>;
  return {
    code: typeof code === "string" ? code : "",
    message: typeof message === "string" ? message : "",
    errors: Array.isArray(errors) ? errors : [],
  };
}
