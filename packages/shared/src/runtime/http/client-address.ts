/**
 * Whose request it is, as far as limits go: an IPv4 address, or the /64 network of an IPv6 one, of which a client has as many
 * addresses as it likes. Behind a proxy all are the proxy's: what a header says of others anybody can write.
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
