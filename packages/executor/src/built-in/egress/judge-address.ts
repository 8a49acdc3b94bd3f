import { isLoopback } from "@tickline/shared/domain/http/loopback";
import type ipaddr from "ipaddr.js";
import { classifyAddress, type AddressRange, type ClassifiedAddress } from "./address-range.ts";
import { parseEgressEntry, type EgressEntry } from "./egress-allow.ts";
import { REFUSED_HTTP_PORTS } from "./refused-ports.ts";

/** To whom jobs may connect. */
export interface EgressPolicy {
  /** The service itself listens on loopback, so who may create jobs is on this machine anyway. Opens loopback and private addresses. */
  readonly listensOnLoopback: boolean;
  readonly allow: readonly EgressEntry[];
}

/** The policy of a process that listens on this address, with the entries of its `EGRESS_ALLOW`. */
export const createEgressPolicy = ({ host, allow }: { readonly host: string; readonly allow: readonly string[] }): EgressPolicy => ({
  listensOnLoopback: isLoopback(host),
  allow: allow.map(parseEgressEntry).filter((entry) => entry !== null),
});

/** One connection that a job asks for. */
export interface EgressTarget {
  /** As the job names it: a host name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `http`: ports of other protocols are refused. */
  readonly protocol: "http" | "other";
}

export interface VettedAddress {
  readonly address: string;
  /** This process listens at this address and port. */
  readonly own: boolean;
}

/** The ranges that are open where the service listens on loopback. */
const LOCAL_RANGES: ReadonlySet<AddressRange> = new Set(["loopback", "private"]);

/** Why no connection may be made to an address of the target, as one sentence that says what to set; null: it may. */
export function judgeAddress({ address, own }: VettedAddress, target: EgressTarget, policy: EgressPolicy): string | null {
  const classified = classifyAddress(address);
  if (classified === null) return `${target.host} resolves to ${JSON.stringify(address)}, which is not an address`;
  const entries = policy.allow.filter((entry) => matches(entry, target, classified));
  if (entries.some(({ port }) => port === target.port)) return null;
  const shown = describe(target.host, address);
  const allowPort = `${setting(target.host)}:${target.port}`;
  if (target.protocol === "http" && REFUSED_HTTP_PORTS.has(target.port)) {
    return refusal(`port ${target.port} of ${target.host}, which belongs to another protocol than HTTP`, allowPort);
  }
  if (own && !policy.listensOnLoopback) {
    return refusal(`${shown}, at whose port ${target.port} this service itself listens`, allowPort);
  }
  if (entries.some(({ port }) => port === null)) return null;
  const { range, embedded } = classified;
  if (range === "public" || (policy.listensOnLoopback && LOCAL_RANGES.has(range))) return null;
  const inner = embedded === null ? "" : `, which contains ${embedded}`;
  return refusal(`${shown}${inner}, ${NAMES[range]}`, setting(target.host));
}

const NAMES: Readonly<Record<AddressRange, string>> = {
  public: "a public address",
  loopback: "a loopback address",
  private: "a private address",
  "link-local": "a link-local address, as metadata services have",
  unspecified: "an address of this machine (unspecified)",
  "carrier-grade NAT": "an address of a carrier-grade NAT",
  multicast: "a multicast address",
  broadcast: "the broadcast address",
  "local NAT64": "an address of a local NAT64 gateway",
  reserved: "a reserved address",
};

const refusal = (what: string, entry: string): string =>
  `jobs may not connect to ${what}; to allow it, start the executor with EGRESS_ALLOW=${entry}`;

const describe = (host: string, address: string): string => (host === address ? address : `${host}, which resolves to ${address}`);

const setting = (host: string): string => (host.includes(":") ? `[${host}]` : withoutDot(host));

/** A name with a dot at its end is the same name. */
const withoutDot = (host: string): string => host.replace(/\.$/, "");

function matches({ target, port }: EgressEntry, { host, port: asked }: EgressTarget, { addresses, range }: ClassifiedAddress): boolean {
  if (port !== null && port !== asked) return false;
  const name = withoutDot(host.toLowerCase());
  switch (target.kind) {
    case "any":
      return true;
    case "host":
      return name === target.name;
    case "suffix":
      return name.endsWith(target.suffix);
    case "range":
      return range === target.range;
    case "network":
      return addresses.some((address) => isWithin(address, target.network));
  }
}

const isWithin = (address: ipaddr.IPv4 | ipaddr.IPv6, network: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean =>
  address.kind() === network[0].kind() && address.match(network);
