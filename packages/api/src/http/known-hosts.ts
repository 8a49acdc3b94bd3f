import type { IncomingMessage } from "node:http";
import type { Context } from "koa";
import { problem, type Problem } from "../problems/problem.ts";
import { quote } from "../problems/quote.ts";

/** Whether an address to listen on can be reached from this machine alone. */
export const isLoopback = (address: string): boolean => address === "localhost" || address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"] as const;

/** Where it listens, and the names it goes by besides. */
export interface HostNames {
  readonly host: string;
  readonly allowedHosts: readonly string[];
}

/** Given the `Host` header of a request. Null: it is for us. */
export type HostCheck = (header: string | undefined) => Problem | null;

/**
 * A page of a stranger can have its own name resolve to this machine after it was loaded (DNS rebinding): to the browser
 * all it asks of us is then its own site's, and we tell by the name alone. So on loopback only the names of this machine
 * and those of the configuration are answered. On other addresses nobody but the configuration knows our names: without
 * any, all are answered. A request without the header comes from no browser.
 */
export function createHostCheck({ host, allowedHosts }: HostNames): HostCheck {
  if (!isLoopback(host) && allowedHosts.length === 0) {
    return (header) =>
      header === undefined || header === "" || authorityOf(header) !== null
        ? null
        : problem("host_not_served", `${quote(header)} is not a host name with or without a port`);
  }
  const known = ownNames({ host, allowedHosts });
  const names = [...known].join(", ");
  return (header) =>
    header === undefined || known.has(authorityOf(header)?.name ?? "")
      ? null
      : problem("host_not_served", `${quote(header)} is none of the hosts served here: ${names}. ALLOWED_HOSTS adds others`);
}

/**
 * What is wrong with the host that a request is for; null: it is for us. Two `Host` headers may be read as either by a proxy
 * between, and a target in full (`GET http://host/path`) stands above the header, so both are looked at.
 */
export function hostProblem(check: HostCheck, { headers, rawHeaders, url = "/" }: IncomingMessage): Problem | null {
  if (countOf("host", rawHeaders) > 1) return problem("bad_header", "Host may be given only once");
  const target = url.startsWith("/") ? undefined : /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  return check(headers.host) ?? check(target);
}

/** Whether a page of this `Origin` is one of ours, for a request with this `Host`. */
export type OriginCheck = (origin: string, hostHeader: string | undefined) => boolean;

/**
 * Ours are pages of the very host and port that were asked, by whichever of the names of this machine, and pages of the
 * names of the configuration: there a proxy may have changed host and port. Another port of this machine is another's page.
 */
export function createOriginCheck(names: HostNames): OriginCheck {
  const own = ownNames(names);
  const configured = new Set(names.allowedHosts.map((name) => name.toLowerCase()));
  return (origin, hostHeader) => {
    const page = pageOf(origin);
    if (page === null) return false;
    if (configured.has(page.name)) return true;
    const asked = authorityOf(hostHeader ?? "");
    if (asked === null || !(asked.port === "" ? DEFAULT_PORTS : [asked.port]).includes(page.port)) return false;
    return asked.name === page.name || (own.has(asked.name) && own.has(page.name));
  };
}

/** Those that browsers leave out of `Host`. Which of them it was depends on the scheme, which a proxy may have changed. */
const DEFAULT_PORTS: readonly string[] = ["80", "443"];

/** Names without port, in lower case. */
const ownNames = ({ host, allowedHosts }: HostNames): ReadonlySet<string> =>
  new Set([...LOOPBACK_HOSTS, host.includes(":") ? `[${host}]` : host, ...allowedHosts].map((name) => name.toLowerCase()));

interface Authority {
  readonly name: string;
  /** Empty: the one that the scheme has. */
  readonly port: string;
}

/** A host with or without a port, and nothing else: with a user before it (`localhost:80@evil`) readers disagree about which is the host. */
function authorityOf(text: string): Authority | null {
  const [, name, port = ""] = /^(\[[0-9a-f:.]+\]|[^\s:@/\\?#[\],;]+)(?::(\d{0,5}))?$/i.exec(text) ?? [];
  return name === undefined ? null : { name: name.toLowerCase(), port };
}

/** Of an `Origin` as browsers write it; `null` and schemes of their own are nobody's. */
function pageOf(origin: string): Authority | null {
  const [, scheme = "", host = ""] = /^(https?):\/\/(.*)$/i.exec(origin) ?? [];
  const authority = authorityOf(host);
  return authority?.port === "" ? { ...authority, port: scheme.toLowerCase() === "https" ? "443" : "80" } : authority;
}

/** `rawHeaders` has names and values in turn. */
function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] ?? "";
    if (given.length === name.length && given.toLowerCase() === name) count += 1;
  }
  return count;
}

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
