import { alteredIn, isAsWritten } from "@tickline/shared/domain/json/exact-json";
import { deeperThan } from "@tickline/shared/domain/json/json";
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

/** Reads the body of a request as JSON; `undefined`: it has none. `whole` is called when all bytes have arrived, and the body is parsed when it resolves. */
export type BodyReader = (ctx: Context, mediaTypes: readonly string[], whole?: () => Promise<void>) => Promise<Step<unknown>>;

/**
 * koa-bodyparser reads the bytes (size, compression). This function decodes and parses them, because nothing may be altered silently: bytes
 * that are not UTF-8 would become U+FFFD, and an integer beyond 2^53 another integer.
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
    const unsupported = checkMediaType(ctx, mediaTypes);
    if (unsupported !== null) return unsupported;
    try {
      await read(ctx, () => Promise.resolve());
    } catch (thrown) {
      // The rest of the body is discarded, so that the connection can be used again. The time limit of a request bounds this.
      ctx.req.unpipe().resume();
      return toBodyProblem(thrown, bodyBytesMax);
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
    return toSyntaxProblem((thrown as SyntaxError).message, text);
  }
  if (deeperThan(body, bodyDepthMax)) return problem("body_too_deep", `objects and lists may be nested ${bodyDepthMax} deep`);
  const altered = isAsWritten(text, body) ? null : alteredIn(text);
  if (altered !== null) return invalidRequest([{ pointer: toPointer(altered.path), code: altered.kind, message: altered.message }]);
  return hasPrototypeKey(body) ? problem("forbidden_key", 'no object may have a key "__proto__"') : ok(body);
}

/** Code that copies objects may use it as their prototype. */
export const hasPrototypeKey = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Object.hasOwn(value, "__proto__") || Object.values(value).some((member) => hasPrototypeKey(member)));

const hasBody = ({ req }: Context): boolean =>
  req.headers["transfer-encoding"] !== undefined || (req.headers["content-length"] ?? "0") !== "0";

function checkMediaType(ctx: Context, mediaTypes: readonly string[]): Problem | null {
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

const readStatus = (thrown: unknown): unknown => (thrown as { status?: unknown } | null)?.status;

function toBodyProblem(thrown: unknown, bodyBytesMax: number): Problem {
  if (readStatus(thrown) === 413) return problem("body_too_large", `a body may have ${bodyBytesMax} bytes`);
  if (readStatus(thrown) === 415)
    return problem("unsupported_media_type", "the body may be compressed with gzip, deflate or br, and with nothing else");
  return problem("incomplete_body", "the body ended too early, or could not be decompressed");
}

function toSyntaxProblem(message: string, text: string): Problem {
  if (message.includes("end of JSON input")) return problem("malformed_json", "the body ends before its JSON does");
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position === undefined) return problem("malformed_json", "the body is not JSON");
  const before = text.slice(0, Number(position)).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return problem("malformed_json", `the body is not JSON from line ${before.length}, column ${column} on (position ${position})`);
}
