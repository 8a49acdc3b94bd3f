import type { IncomingMessage } from "node:http";
import { isLoopback } from "@tickline/shared/domain/http/loopback";
import type { Context } from "koa";
import { problem, type Problem } from "../problems/problem.ts";
import { quote } from "../problems/quote.ts";

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"] as const;

/** The address on which it listens, and its other host names. */
export interface HostNames {
  readonly host: string;
  readonly allowedHosts: readonly string[];
}

/** Takes the `Host` header of a request. Null: this service serves that host. */
export type HostCheck = (header: string | undefined) => Problem | null;

/**
 * Protects against DNS rebinding. A page of another site can let its own host name resolve to this machine after it was loaded. The
 * browser then treats this service as part of that site, and only the host name shows the difference. So on loopback only the names of
 * this machine and those of the configuration are served. On other addresses only the configuration knows the names of the service:
 * without any, all names are served. A request without the header does not come from a browser.
 */
export function createHostCheck({ host, allowedHosts }: HostNames): HostCheck {
  if (!isLoopback(host) && allowedHosts.length === 0) {
    return (header) =>
      header === undefined || header === "" || parseAuthority(header) !== null
        ? null
        : problem("host_not_served", `${quote(header)} is not a host name with or without a port`);
  }
  const known = ownNames({ host, allowedHosts });
  const names = [...known].join(", ");
  return (header) =>
    header === undefined || known.has(parseAuthority(header)?.name ?? "")
      ? null
      : problem("host_not_served", `${quote(header)} is none of the hosts served here: ${names}. ALLOWED_HOSTS adds others`);
}

/**
 * The problem with the host of a request; null: this service serves it. A proxy may use either of two `Host` headers, so two are
 * refused. A request target with a host (`GET http://host/path`) takes precedence over the header, so both are checked.
 */
export function hostProblem(check: HostCheck, { headers, rawHeaders, url = "/" }: IncomingMessage): Problem | null {
  if (countHeader("host", rawHeaders) > 1) return problem("bad_header", "Host may be given only once");
  const target = url.startsWith("/") ? undefined : /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  return check(headers.host) ?? check(target);
}

/** Whether a page of this `Origin` comes from this service, for a request with this `Host`. */
export type OriginCheck = (origin: string, hostHeader: string | undefined) => boolean;

/**
 * Pages of this service have the host and port of the request, by any name of this machine, or a name of the configuration: behind a
 * proxy host and port may differ. A page from another port of this machine belongs to another service.
 */
export function createOriginCheck(names: HostNames): OriginCheck {
  const own = ownNames(names);
  const configured = new Set(names.allowedHosts.map((name) => name.toLowerCase()));
  return (origin, hostHeader) => {
    const page = parseOrigin(origin);
    if (page === null) return false;
    if (configured.has(page.name)) return true;
    const asked = parseAuthority(hostHeader ?? "");
    if (asked === null || !(asked.port === "" ? DEFAULT_PORTS : [asked.port]).includes(page.port)) return false;
    return asked.name === page.name || (own.has(asked.name) && own.has(page.name));
  };
}

/** The ports that browsers leave out of `Host`. Which one it was depends on the scheme, which a proxy may have changed. */
const DEFAULT_PORTS: readonly string[] = ["80", "443"];

/** Names without port, in lower case. */
const ownNames = ({ host, allowedHosts }: HostNames): ReadonlySet<string> =>
  new Set([...LOOPBACK_HOSTS, host.includes(":") ? `[${host}]` : host, ...allowedHosts].map((name) => name.toLowerCase()));

interface Authority {
  readonly name: string;
  /** Empty: the default port of the scheme. */
  readonly port: string;
}

/** Reads a host with or without a port. Anything else is refused: parsers disagree about the host of `localhost:80@evil`. */
function parseAuthority(text: string): Authority | null {
  const [, name, port = ""] = /^(\[[0-9a-f:.]+\]|[^\s:@/\\?#[\],;]+)(?::(\d{0,5}))?$/i.exec(text) ?? [];
  return name === undefined ? null : { name: name.toLowerCase(), port };
}

/** Reads an `Origin` as browsers write it. `null` and other schemes give null. */
function parseOrigin(origin: string): Authority | null {
  const [, scheme = "", host = ""] = /^(https?):\/\/(.*)$/i.exec(origin) ?? [];
  const authority = parseAuthority(host);
  return authority?.port === "" ? { ...authority, port: scheme.toLowerCase() === "https" ? "443" : "80" } : authority;
}

/** `rawHeaders` alternates names and values. */
function countHeader(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] ?? "";
    if (given.length === name.length && given.toLowerCase() === name) count += 1;
  }
  return count;
}

/**
 * Any page in a browser on this machine can send a POST without a body to this service, without a preflight request. Browsers send the
 * origin of a request: `Sec-Fetch-Site` to hosts that they trust (https, localhost), `Origin` to all hosts. Other clients do not send
 * these headers.
 */
export function crossSiteProblem({ method, req: { headers } }: Context, isOwnOrigin: OriginCheck): Problem | null {
  if (method === "GET" || method === "HEAD") return null;
  const { "sec-fetch-site": site, origin, host } = headers;
  const isOwnSite = site === undefined || site === "same-origin" || site === "none";
  if (isOwnSite && (origin === undefined || isOwnOrigin(origin, host))) return null;
  return problem("cross_site_request", "a web page may change something only if this service served it");
}
