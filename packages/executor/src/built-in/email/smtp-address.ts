import { z } from "zod";

/** Where messages are handed in, as `SMTP_URL` says it. */
export interface SmtpAddress {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps:`). */
  readonly secure: boolean;
  /** Refuses a server that does not offer TLS (STARTTLS). */
  readonly requireTLS: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

const PORTS: Readonly<Record<string, number>> = { "smtp:": 587, "smtps:": 465 };
const TLS_MODES = ["required", "optional"];
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const FORM = "must be smtp://host:port or smtps://host:port, with user:password@ before the host if the server wants a login";

/** `smtp://user:password@host:587?tls=optional`. The port is 587, or 465 of `smtps:`. Throws a `TypeError` whose message says what to write. */
export function readSmtpUrl(text: string): SmtpAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  const port = url === null ? undefined : PORTS[url.protocol];
  if (url === null || port === undefined || url.hostname === "") throw new TypeError(FORM);
  const tls = url.searchParams.get("tls");
  if (tls !== null && !TLS_MODES.includes(tls)) throw new TypeError("tls must be required or optional");
  const auth = url.username === "" ? null : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? port : Number(url.port),
    secure: url.protocol === "smtps:",
    // A password is not sent in the clear to another machine, unless that is asked for.
    requireTLS: tls === null ? auth !== null && !LOOPBACK.test(url.hostname) : tls === "required",
    auth,
  };
}

/** The text of such a URL. */
export const SmtpUrlSchema = z.string().superRefine((text, context) => {
  try {
    readSmtpUrl(text);
  } catch (fault) {
    context.addIssue({ code: "custom", message: fault instanceof Error ? fault.message : FORM });
  }
});

/** For messages: without the login. */
export const showServer = ({ host, port }: SmtpAddress): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;
