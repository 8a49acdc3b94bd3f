import type { HttpParams } from "./http-params.ts";

/** What a request contains that readers of its run must not see. */
export interface RequestSecrets {
  /** All values of its headers and query, and its user and password. Only failed requests need them. */
  readonly all: readonly string[];
  /** Those that are credentials by their name or their form. The others may be data of an answer. */
  readonly credentials: readonly string[];
}

interface Value {
  readonly text: string;
  readonly credential: boolean;
}

/** Shorter values occur in any text. */
const LENGTH_MIN = 4;
const CREDENTIAL_LENGTH_MIN = 8;

/** Headers that only describe the wanted answer or the content. */
const OPEN_HEADERS = new Set(["accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-type", "pragma"]);
const AUTHORIZATION = new Set(["authorization", "proxy-authorization"]);
const CREDENTIAL_NAME = /auth|cookie|token|key|secret|passw|pwd|\bpin\b|credential|sign|\bsig\b|session|\bsid\b|\bcode\b|jwt|bearer/i;
/** A random token: long, without spaces, with letters and digits. */
const CREDENTIAL_FORM = /^(?=\S*[a-z])(?=\S*\d)\S{20,}$/i;

/** A request without headers of the job and without a query has none, and costs nothing here. */
export function requestSecrets(headers: HttpParams["headers"], url: URL): RequestSecrets {
  const values = [...headerValues(headers), ...urlValues(url)];
  return {
    get all() {
      return distinct(values, LENGTH_MIN);
    },
    credentials: distinct(
      values.filter(({ credential }) => credential),
      CREDENTIAL_LENGTH_MIN,
    ),
  };
}

/** Whether a header may give a right to who sends it. `name` is in lower case. */
export const isCredentialHeader = (name: string, value: string): boolean =>
  !OPEN_HEADERS.has(name) && (AUTHORIZATION.has(name) || name === "cookie" || judged(name, value).credential);

function distinct(values: readonly Value[], lengthMin: number): readonly string[] {
  if (values.length === 0) return [];
  return [...new Set(values.flatMap(({ text }) => echoForms(text)).filter((text) => text.length >= lengthMin))];
}

function headerValues(headers: HttpParams["headers"]): Value[] {
  return Object.entries(headers).flatMap(([given, value]) => {
    const name = given.toLowerCase();
    if (OPEN_HEADERS.has(name)) return [];
    if (AUTHORIZATION.has(name)) return authorizationValues(value.trim());
    if (name === "cookie")
      return [secret(value.trim()), ...value.split(";").map((pair) => secret(pair.slice(pair.indexOf("=") + 1).trim()))];
    return [judged(name, value.trim())];
  });
}

/** The whole value, what follows the scheme, and its parts. */
function authorizationValues(value: string): Value[] {
  const [, scheme = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(value) ?? [];
  const parts = [secret(value), secret(rest), ...[...rest.matchAll(/=\s*"?([^",\s]+)/g)].map(([, part = ""]) => secret(part))];
  if (scheme.toLowerCase() !== "basic") return parts;
  const pair = Buffer.from(rest, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 0) return [...parts, secret(pair)];
  return [...parts, secret(pair), open(pair.slice(0, colon)), secret(pair.slice(colon + 1))];
}

function urlValues({ username, password, search }: URL): Value[] {
  const user = username === "" && password === "" ? [] : [open(decoded(username)), secret(decoded(password))];
  if (search === "") return user;
  const query = search.slice(1);
  const pairs = query.split("&").flatMap((pair) => {
    const [name = "", ...rest] = pair.split("=");
    const value = rest.join("=") || name;
    const plainName = decoded(name);
    const plain = decoded(value);
    return plain === value ? [judged(plainName, value)] : [judged(plainName, value), judged(plainName, plain)];
  });
  return [...user, open(query), ...pairs];
}

const secret = (text: string): Value => ({ text, credential: true });
const open = (text: string): Value => ({ text, credential: false });
const judged = (name: string, text: string): Value => ({ text, credential: CREDENTIAL_NAME.test(name) || CREDENTIAL_FORM.test(text) });

/** As form fields are decoded. A text with a wrong encoding is not changed. */
function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/**
 * The forms in which a target may repeat a text. Base64 may lose its padding, Latin-1 may be read as UTF-8, and forms have + for a space. Escapes
 * (percent, JSON, HTML) are decoded where a text is searched.
 */
function echoForms(text: string): string[] {
  const unpadded = text.replace(/=+$/, "");
  const asUtf8 = /[\x80-\xff]/.test(text) ? Buffer.from(text, "latin1").toString("utf8") : text;
  return [text, unpadded, asUtf8, text.replaceAll(" ", "+"), ...encodedForms(text)];
}

/** In hexadecimal, and in base64 as part of a longer text, where the place decides the first and last characters. */
function encodedForms(text: string): string[] {
  if (text.length < CREDENTIAL_LENGTH_MIN) return [];
  const bytes = Buffer.from(text);
  const inBase64 = [0, 1, 2].map((before) => {
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)];
    return Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .slice(from, to);
  });
  const inBase64Url = inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  return [bytes.toString("hex"), ...inBase64, ...inBase64Url];
}
