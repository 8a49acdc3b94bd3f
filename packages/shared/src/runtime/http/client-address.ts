/**
 * The client of a request, for limits: an IPv4 address, or the /64 network of an IPv6 one, since a client may use all addresses
 * of its network. Behind a proxy all requests have the proxy's address: a header is not used, since any client can write it.
 */
export function clientAddress(remoteAddress: string | undefined): string {
  const address = (remoteAddress ?? "").replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return [...head, ...(address.includes("::") ? zeros : []), ...tail].slice(0, 4).join(":").toLowerCase();
}
