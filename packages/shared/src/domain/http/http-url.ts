const EXAMPLE = "such as https://example.com/hook";
/** Longest part of a URL that a message shows, in characters. */
const SHOWN_LENGTH_MAX = 80;
const PORT_MAX = 65_535;
/** Longest host name, and longest label of one, that DNS knows. */
const HOST_LENGTH_MAX = 253;
const HOST_LABEL = /^[a-z0-9_-]{1,63}$/;

/** Why no http request can go to this URL, as a sentence without its subject; null: it can. */
export function httpUrlFault(text: string): string | null {
  if (/\s/.test(text)) return "must have no spaces or line breaks: a space in a path or query is written %20";
  const [, authority, next] = /^https?:\/\/([^/?#\\]*)(.?)/i.exec(text) ?? [];
  if (authority === undefined) return `must begin with http:// or https://, ${EXAMPLE}`;
  if (next === "\\") return "must have / where it has \\";
  if (authority.includes("@")) return "must have no user and password: they belong in a header, such as Authorization";
  if (/^https?:?$/i.test(authority) && /^https?:\/\/https?:?\/\//i.test(text)) return "must begin with http:// or https:// once";
  return authorityFault(authority) ?? hostFault(authority, text);
}

/** Of `host:port`, what the parts themselves show. */
function authorityFault(authority: string): string | null {
  if (!authority.startsWith("[") && authority.split(":").length > 2) {
    if (/[g-z.]/i.test(authority)) return `must have one port behind its host, not ${shown(authority)}`;
    return "must have an IPv6 address in brackets, such as http://[::1]:80/";
  }
  const [host = "", port = ""] = authority.split(/:(?=[^:\]]*$)/);
  if (host === "") return `must name a host, ${EXAMPLE}`;
  if (port !== "" && !isPort(port)) return `must have a port from 1 to ${PORT_MAX}, not ${shown(port)}`;
  return null;
}

const isPort = (text: string): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= PORT_MAX;

/** `text` is read as the request will read it: escapes are resolved, and names in other scripts have their ASCII form. */
function hostFault(authority: string, text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return noHost(authority);
  const { hostname } = url;
  if (hostname.startsWith("[")) return null;
  const name = hostname.replace(/\.$/, "");
  return name.length <= HOST_LENGTH_MAX && name.split(".").every((label) => HOST_LABEL.test(label)) ? null : noHost(authority);
}

const noHost = (authority: string): string => `must name a host: ${shown(authority)} is neither a host name nor an address`;

const shown = (text: string): string => JSON.stringify(text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX - 1)}…` : text);
