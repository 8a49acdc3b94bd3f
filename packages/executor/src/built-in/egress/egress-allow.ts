import ipaddr from "ipaddr.js";

/** One entry of `EGRESS_ALLOW`. */
export interface EgressEntry {
  readonly target:
    | { readonly kind: "network"; readonly network: [ipaddr.IPv4 | ipaddr.IPv6, number] }
    | { readonly kind: "range"; readonly range: "loopback" | "private" }
    /** In lower case. `*.example.com` is its suffix `.example.com`. */
    | { readonly kind: "host"; readonly name: string }
    | { readonly kind: "suffix"; readonly suffix: string }
    | { readonly kind: "any" };
  /** Null: every port but those that are refused by themselves. */
  readonly port: number | null;
}

const PORT_MAX = 65_535;
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const HOW_TO =
  "must be networks (10.0.0.0/8), addresses (10.1.2.3, [fd00::1]), host names (db.internal, *.internal), loopback, private or *, each with or without a port (db.internal:8080), by commas";

/** Why a text is no entry of `EGRESS_ALLOW`, as a sentence without its subject; null: it is one. */
export const egressEntryFault = (text: string): string | null =>
  parseEgressEntry(text) === null ? `${HOW_TO}; ${JSON.stringify(text)} is none of these` : null;

/** Null: the text is no entry. */
export function parseEgressEntry(text: string): EgressEntry | null {
  const split = splitPort(text);
  if (split === null) return null;
  const target = parseTarget(split.host.toLowerCase());
  return target === null ? null : { target, port: split.port };
}

/** An address of IPv6 has a port only behind brackets. */
function splitPort(text: string): { readonly host: string; readonly port: number | null } | null {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed === null && text.split(":").length > 2) return { host: text, port: null };
  const [host = "", port] = bracketed === null ? text.split(":") : bracketed.slice(1);
  if (bracketed !== null && !host.includes(":")) return null;
  if (port === undefined) return { host, port: null };
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= PORT_MAX ? { host, port: Number(port) } : null;
}

function parseTarget(host: string): EgressEntry["target"] | null {
  if (host === "*") return { kind: "any" };
  if (host === "loopback" || host === "private") return { kind: "range", range: host };
  const network = parseNetwork(host);
  if (network !== null) return { kind: "network", network };
  const name = host.replace(/\.$/, "");
  if (name.startsWith("*.")) return HOST_NAME.test(name.slice(2)) ? { kind: "suffix", suffix: name.slice(1) } : null;
  return HOST_NAME.test(name) ? { kind: "host", name } : null;
}

/** Short, octal and hexadecimal forms of IPv4 are refused: readers disagree about them. */
function parseNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  const isCidr = text.includes("/");
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) return isCidr ? ipaddr.parseCIDR(text) : null;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return [ipaddr.IPv4.parse(text), 32];
  return ipaddr.IPv6.isValid(text) ? [ipaddr.IPv6.parse(text), 128] : null;
}
