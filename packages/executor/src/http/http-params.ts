import { z } from "zod";
import { ExpectSchema } from "./expect-status.ts";

/** Longest URL, in characters. */
const URL_LENGTH_MAX = 4_096;
const HEADERS_MAX = 100;
const HEADER_VALUE_LENGTH_MAX = 8_192;

/** What Tickline says itself on every request, and what belongs to the connection: jobs may not set them. */
const RESERVED_HEADERS = [
  "idempotency-key",
  "tickline-.*",
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Letters in either case: JSON Schema, by which apis check, knows no flag for it. */
const anyCase = (name: string): string => name.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);

const HEADER_NAME = new RegExp(`^(?!(?:${RESERVED_HEADERS.map(anyCase).join("|")})$)[!#$%&'*+.^_\`|~0-9A-Za-z-]{1,256}$`);
/** Visible characters, spaces and tabs: whatever else could begin another header, or cannot be sent at all. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** http or https, a host, no user or password: those belong into a header, which logs and messages do not show. */
const HTTP_URL = /^[hH][tT][tT][pP][sS]?:\/\/[^\s/?#@\\]+(?:[/?#]\S*)?$/;

/** One HTTP request, and which answers to it are a success. */
export const HttpParamsSchema = z.strictObject({
  url: z
    .string()
    .max(URL_LENGTH_MAX)
    .regex(HTTP_URL, { error: "must be an http or https URL without user and password, such as https://example.com/hook", abort: true })
    .refine((url) => URL.canParse(url), "must be a URL")
    .meta({ description: "An http or https URL without user and password, such as https://example.com/hook." }),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
  headers: z
    .record(
      z
        .string()
        .regex(HEADER_NAME, "must be a header name, and none that Tickline or the connection sets")
        .meta({ description: "A header name, and none that Tickline or the connection sets." }),
      z.string().max(HEADER_VALUE_LENGTH_MAX).regex(HEADER_VALUE, "must be visible characters, spaces and tabs"),
    )
    .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `must be at most ${HEADERS_MAX} headers`)
    .default({}),
  body: z
    .union([z.string(), z.record(z.string(), z.json()), z.array(z.json())])
    .nullable()
    .default(null)
    .meta({ description: "A string is sent as it is, an object or array as JSON." }),
  expect: ExpectSchema,
});

export type HttpParams = z.output<typeof HttpParamsSchema>;
