import { PARAMS_FORMATS } from "@tickline/shared/domain/http/params-formats";
import { z } from "zod";
import { KEY_NAME } from "./signing/signing-keys.ts";

/** Longest URL, in characters. */
export const URL_LENGTH_MAX = 4_096;
/** Longest list of statuses, in characters. */
const EXPECT_LENGTH_MAX = 200;
const HEADERS_MAX = 100;
const REDIRECTS_MAX = 10;
const HEADER_NAME_LENGTH_MAX = 256;
const HEADER_VALUE_LENGTH_MAX = 8_192;

/** Visible characters, spaces and tabs. Other characters could start another header, or cannot be sent. */
export const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A text that a rule of the domain checks, with its messages. In JSON Schema the rule is a format, because no pattern can express it. */
const ruledText = (format: keyof typeof PARAMS_FORMATS, { lengthMax }: { readonly lengthMax: number }) =>
  z
    .string()
    .max(lengthMax)
    .superRefine((text, context) => {
      const message = PARAMS_FORMATS[format](text);
      if (message !== null) context.addIssue({ code: "custom", message });
    })
    .meta({ format });

/** One HTTP request, and which answers to it are a success. */
export const HttpParamsSchema = z.strictObject({
  url: ruledText("http-url", { lengthMax: URL_LENGTH_MAX }).meta({
    description: "An http or https URL without user and password, such as https://example.com/hook.",
  }),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
  headers: z
    .record(
      ruledText("http-header-name", { lengthMax: HEADER_NAME_LENGTH_MAX }),
      z
        .string()
        .max(HEADER_VALUE_LENGTH_MAX)
        .regex(HEADER_VALUE, "must be one line of Latin-1 characters: no line breaks, control characters or other scripts"),
    )
    .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `must be at most ${HEADERS_MAX} headers`)
    .meta({ maxProperties: HEADERS_MAX })
    .default({}),
  template: z.boolean().optional().meta({ description: "Fills {{names}} of the run and of `data` into url, headers and body." }),
  data: z.record(z.string(), z.json()).optional().meta({ description: "Values of one's own for templates: {{params.name}}." }),
  redirects: z
    .int()
    .min(0)
    .max(REDIRECTS_MAX)
    .default(0)
    .meta({ description: "How many redirects are followed. 0: none, and a redirect is an answer like any other." }),
  sign: z
    .string()
    .regex(KEY_NAME, "must be the name of a key: lower-case letters, digits, dots, underscores or hyphens, and a letter first")
    .optional()
    .meta({ description: "Signs the request as Standard Webhooks says, with this key of the executor's SIGNING_KEYS_FILE." }),
  body: z
    .union([z.string(), z.record(z.string(), z.json()), z.array(z.json())])
    .nullable()
    .default(null)
    .meta({ description: "A string is sent as it is, an object or array as JSON." }),
  expect: ruledText("http-statuses", { lengthMax: EXPECT_LENGTH_MAX })
    .default("2xx")
    .meta({ description: "Statuses that are a success: `2xx`, `200,404`, `200-299`, or `any`." }),
});

export type HttpParams = z.output<typeof HttpParamsSchema>;
