import { alteredIn, isAsWritten } from "@tickline/shared/domain/exact-json";
import { deeperThan } from "@tickline/shared/domain/json";
import type { Context, Middleware } from "koa";
import bodyParser from "koa-bodyparser";
import { ok, type Step } from "./parsed.ts";
import { invalidRequest, problem, type Problem } from "../problems/problem.ts";
import { quote } from "../problems/quote.ts";
import { toPointer } from "../problems/schema-faults.ts";

export const JSON_MEDIA_TYPE = "application/json";
export const MERGE_PATCH_MEDIA_TYPE = "application/merge-patch+json";

export interface BodyLimits {
  readonly bodyBytesMax: number;
  readonly bodyDepthMax: number;
}

/** Reads the body of a request as JSON; `undefined`: it has none. What it says is looked at when `whole`, called when all of it has come, allows it. */
export type BodyReader = (ctx: Context, mediaTypes: readonly string[], whole?: () => Promise<void>) => Promise<Step<unknown>>;

/**
 * koa-bodyparser reads the bytes (size, compression). What they say is read here, for nothing of it may be altered before it is looked at:
 * bytes that are no UTF-8 would become U+FFFD, and an integer beyond 2^53 another one.
 */
export function createBodyReader({ bodyBytesMax, bodyDepthMax }: BodyLimits): BodyReader {
  const options = {
    enableTypes: ["text"],
    extendTypes: { text: [JSON_MEDIA_TYPE, MERGE_PATCH_MEDIA_TYPE] },
    textLimit: String(bodyBytesMax),
    encoding: null, // To get the bytes.
  };
  const read: Middleware = bodyParser(options);
  return async (ctx, mediaTypes, whole = () => Promise.resolve()) => {
    if (!hasBody(ctx)) return whole().then(() => ok(undefined));
    const unsupported = faultOfMediaType(ctx, mediaTypes);
    if (unsupported !== null) return unsupported;
    try {
      await read(ctx, () => Promise.resolve());
    } catch (thrown) {
      // What still comes of it is thrown away, so that the connection can go on. The time for a whole request bounds it.
      ctx.req.unpipe().resume();
      return problemOfBody(thrown, bodyBytesMax);
    }
    await whole();
    return parsedBody(ctx.request.rawBody as unknown as Uint8Array, bodyDepthMax);
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** An empty body counts as none. */
function parsedBody(bytes: Uint8Array, bodyDepthMax: number): Step<unknown> {
  if (bytes.length === 0) return ok(undefined);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return problem("malformed_json", "the body is not UTF-8");
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (thrown) {
    return problemOfSyntax((thrown as SyntaxError).message, text);
  }
  if (deeperThan(body, bodyDepthMax)) return problem("body_too_deep", `objects and lists may be nested ${bodyDepthMax} deep`);
  const altered = isAsWritten(text, body) ? null : alteredIn(text);
  if (altered !== null) return invalidRequest([{ pointer: toPointer(altered.path), code: altered.kind, message: altered.message }]);
  return hasPrototypeKey(body) ? problem("forbidden_key", 'no object may have a key "__proto__"') : ok(body);
}

/** Code that copies objects may take it for their prototype. */
export const hasPrototypeKey = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Object.hasOwn(value, "__proto__") || Object.values(value).some((member) => hasPrototypeKey(member)));

const hasBody = ({ req }: Context): boolean =>
  req.headers["transfer-encoding"] !== undefined || (req.headers["content-length"] ?? "0") !== "0";

function faultOfMediaType(ctx: Context, mediaTypes: readonly string[]): Problem | null {
  const accepted = { headers: ctx.method === "PATCH" ? { "Accept-Patch": mediaTypes.join(", ") } : { Accept: mediaTypes.join(", ") } };
  const header = ctx.get("Content-Type");
  const [type = "", ...parameters] = header
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  if (!mediaTypes.includes(type)) {
    const got = header === "" ? "it names no media type" : `it is ${quote(header)}`;
    return problem("unsupported_media_type", `the body has to be ${mediaTypes.join(" or ")}: ${got}`, accepted);
  }
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice("charset=".length)
    .replaceAll('"', "");
  if (charset === undefined || charset === "utf-8" || charset === "utf8") return null;
  return problem("unsupported_media_type", `JSON is UTF-8, and not ${charset}`, accepted);
}

const statusOf = (thrown: unknown): unknown => (thrown as { status?: unknown } | null)?.status;

function problemOfBody(thrown: unknown, bodyBytesMax: number): Problem {
  if (statusOf(thrown) === 413) return problem("body_too_large", `a body may have ${bodyBytesMax} bytes`);
  if (statusOf(thrown) === 415)
    return problem("unsupported_media_type", "the body may be compressed with gzip, deflate or br, and with nothing else");
  return problem("incomplete_body", "the body ended before it was whole, or could not be decompressed");
}

function problemOfSyntax(message: string, text: string): Problem {
  if (message.includes("end of JSON input")) return problem("malformed_json", "the body ends before its JSON does");
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) return problem("malformed_json", "the body is not JSON");
  const before = text.slice(0, Number(position)).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return problem("malformed_json", `the body is not JSON from line ${before.length}, column ${column} on (position ${position})`);
}
