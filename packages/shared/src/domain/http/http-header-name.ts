const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** They belong to the connection, and to the way a body is sent. */
const CONNECTION_HEADERS = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** They tell a target where a request came from, or who sent it, and targets and proxies believe them. */
const ORIGIN_HEADERS = /^(?:forwarded$|x-forwarded(?:-|$)|proxy-|sec-)/;

/** Why a job may not set a header of this name, as a sentence without its subject; null: it may. */
export function jobHeaderNameFault(name: string): string | null {
  const lower = name.toLowerCase();
  if (lower === "idempotency-key") return "is set by Tickline: it is the id of the run, the same on all attempts";
  if (lower.startsWith("tickline-")) return "is set by Tickline: names that begin with Tickline- are reserved";
  if (CONNECTION_HEADERS.has(lower)) return "is set by the connection, and a job may not set it";
  if (lower === "host") return "is the host of the URL, and a job may not set another";
  if (ORIGIN_HEADERS.test(lower)) return "is set by proxies and browsers, and a job may not set it";
  if (name === "") return "must have a name";
  if (!NAME.test(name)) return "is not a header name: it may have letters, digits and hyphens, but no spaces, colons or quotes";
  return null;
}
