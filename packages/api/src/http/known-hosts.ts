import { problem, type Problem } from "./problem.ts";
import { quote } from "./quote.ts";

/** Whether an address to listen on can be reached from this machine alone. */
export const isLoopback = (address: string): boolean => address === "localhost" || address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"] as const;

/** Given the `Host` header of a request. Null: it is for us. */
export type HostCheck = (header: string | undefined) => Problem | null;

/**
 * A page of a stranger can have its own name resolve to this machine after it was loaded (DNS rebinding): to the browser
 * all it asks of us is then its own site's, and we tell by the name alone. So on loopback only the names of this machine
 * and those of the configuration are answered. On other addresses nobody but the configuration knows our names: without
 * any, all are answered. A request without the header comes from no browser.
 */
export function createHostCheck({ host, allowedHosts }: { readonly host: string; readonly allowedHosts: readonly string[] }): HostCheck {
  if (!isLoopback(host) && allowedHosts.length === 0) return () => null;
  const known = new Set([...LOOPBACK_HOSTS, host.includes(":") ? `[${host}]` : host, ...allowedHosts].map((name) => name.toLowerCase()));
  const names = [...known].join(", ");
  return (header) =>
    header === undefined || known.has(nameOf(header))
      ? null
      : problem("host_not_served", `${quote(header)} is none of the hosts served here: ${names}. ALLOWED_HOSTS adds others`);
}

/** Without the port: which one a browser was told does not matter, and a forwarded one is another. */
function nameOf(header: string): string {
  const end = header.startsWith("[") ? header.indexOf("]") + 1 : header.indexOf(":");
  return (end > 0 ? header.slice(0, end) : header).toLowerCase();
}
