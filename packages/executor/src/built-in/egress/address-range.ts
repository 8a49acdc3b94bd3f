import ipaddr from "ipaddr.js";

/** What an address is for, as far as it matters to whom a job may call. `public`: it can belong to any host of the internet. */
export type AddressRange =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  | "unspecified"
  | "carrier-grade NAT"
  | "multicast"
  | "broadcast"
  | "local NAT64"
  | "reserved";

export interface ClassifiedAddress {
  readonly range: AddressRange;
  /** The address by itself, and the IPv4 addresses in it: a gateway, or the system, delivers to those. */
  readonly addresses: readonly (ipaddr.IPv4 | ipaddr.IPv6)[];
  /** The IPv4 address in it that decided on the range; null: the address itself did. */
  readonly embedded: string | null;
}

type IPv6Parts = readonly number[];

const V4_RANGES: Readonly<Record<string, AddressRange>> = {
  unicast: "public",
  loopback: "loopback",
  private: "private",
  linkLocal: "link-local",
  unspecified: "unspecified",
  carrierGradeNat: "carrier-grade NAT",
  multicast: "multicast",
  broadcast: "broadcast",
};
const V6_RANGES: Readonly<Record<string, AddressRange>> = {
  unicast: "public",
  loopback: "loopback",
  uniqueLocal: "private",
  deprecatedSiteLocal: "private",
  linkLocal: "link-local",
  unspecified: "unspecified",
  multicast: "multicast",
};
/** Of IPv6, only this network is assigned to hosts of the internet. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
/** RFC 8215: where in such an address the IPv4 address is depends on the gateway. */
const LOCAL_NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b:1::/48");

/** Networks whose addresses contain IPv4 addresses, and how to read these. Each of them is judged. */
const EMBEDDING: readonly { readonly network: [ipaddr.IPv6, number]; readonly read: (parts: IPv6Parts) => ipaddr.IPv4[] }[] = [
  { network: ipaddr.IPv6.parseCIDR("::ffff:0:0/96"), read: (parts) => [toIPv4(parts, 6)] }, // IPv4-mapped
  { network: ipaddr.IPv6.parseCIDR("::ffff:0:0:0/96"), read: (parts) => [toIPv4(parts, 6)] }, // IPv4-translated
  { network: ipaddr.IPv6.parseCIDR("64:ff9b::/96"), read: (parts) => [toIPv4(parts, 6)] }, // NAT64
  { network: ipaddr.IPv6.parseCIDR("2002::/16"), read: (parts) => [toIPv4(parts, 1)] }, // 6to4
  { network: ipaddr.IPv6.parseCIDR("2001::/32"), read: (parts) => [toIPv4(parts, 2), toIPv4(parts.map(invert), 6)] }, // Teredo: server, client
  { network: ipaddr.IPv6.parseCIDR("::/96"), read: (parts) => (parts[6] === 0 ? [] : [toIPv4(parts, 6)]) }, // IPv4-compatible; not :: and ::1
];

const invert = (part: number): number => part ^ 0xff_ff;

/** The IPv4 address in two parts of an IPv6 address. */
function toIPv4(parts: IPv6Parts, from: number): ipaddr.IPv4 {
  const [high = 0, low = 0] = parts.slice(from, from + 2);
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
}

/** Classifies an address as `lookup` returns it, or as a URL has it (without brackets). Null: the text is no address. */
export function classifyAddress(text: string): ClassifiedAddress | null {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return { range: rangeOfIPv4(address), addresses: [address], embedded: null };
  const embedded = EMBEDDING.find(({ network }) => address.match(network))?.read(address.parts) ?? [];
  const addresses = [address, ...embedded];
  if (embedded.length === 0) return { range: rangeOfIPv6(address), addresses, embedded: null };
  const decisive = embedded.find((inner) => rangeOfIPv4(inner) !== "public") ?? embedded[0];
  if (decisive === undefined) return { range: "reserved", addresses, embedded: null };
  return { range: rangeOfIPv4(decisive), addresses, embedded: decisive.toString() };
}

const rangeOfIPv4 = (address: ipaddr.IPv4): AddressRange => V4_RANGES[address.range()] ?? "reserved";

function rangeOfIPv6(address: ipaddr.IPv6): AddressRange {
  if (address.match(LOCAL_NAT64)) return "local NAT64";
  const range = V6_RANGES[address.range()] ?? "reserved";
  return range === "public" && !address.match(GLOBAL_UNICAST) ? "reserved" : range;
}

/** Whether a connection to the address ends at this machine, which has these addresses. */
export function isOwnAddress(text: string, own: readonly string[]): boolean {
  const classified = classifyAddress(text);
  if (classified === null) return false;
  if (classified.range === "loopback" || classified.range === "unspecified") return true;
  const owned = new Set(own.map((address) => classifyAddress(address)?.addresses[0]?.toString()));
  return classified.addresses.some((address) => owned.has(address.toString()));
}
