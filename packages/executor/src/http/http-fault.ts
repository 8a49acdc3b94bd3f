/** Why a request was no success. Its message never holds the query, the headers or the body of the request: those may be secrets. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
  readonly code: "http_status" | "http_network" | "http_request";
  readonly retryable: boolean;

  constructor(code: HttpFault["code"], message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** Request timeout, too early, too many requests: the same request may succeed later, as with every fault of the server. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);
/** As much of an unexpected answer as its message shows, in characters. */
const EXCERPT_LENGTH_MAX = 300;

export interface UnexpectedAnswer {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly expect: string;
  readonly body: string;
}

export function statusFault({ method, url, status, expect, body }: UnexpectedAnswer): HttpFault {
  const hint = status >= 300 && status < 400 ? "; redirects are not followed" : "";
  const excerpt = body.trim() === "" ? "" : `: ${body.trim().slice(0, EXCERPT_LENGTH_MAX)}`;
  const message = `${method} ${url.origin}${url.pathname} answered ${status}, expected ${expect}${hint}${excerpt}`;
  return new HttpFault("http_status", message, { retryable: status >= 500 || RETRYABLE_STATUSES.has(status) });
}

/** What undici refuses to send; it fails the same way each time. */
const REQUEST_FAULTS = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH"]);

export function networkFault(method: string, url: URL, fault: unknown): HttpFault {
  const code = fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : "";
  const message = `${method} ${url.origin}${url.pathname}: ${reasonOf(fault)}${code === "" ? "" : ` (${code})`}`;
  if (REQUEST_FAULTS.has(code)) return new HttpFault("http_request", message, { retryable: false, cause: fault });
  return new HttpFault("http_network", message, { retryable: true, cause: fault });
}

/** A host with several addresses fails with one error for each, and an empty message of its own. */
function reasonOf(fault: unknown): string {
  if (fault instanceof AggregateError && fault.message === "") return fault.errors.map(reasonOf).join("; ");
  return fault instanceof Error ? fault.message : String(fault);
}
