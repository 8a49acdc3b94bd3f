import { OUTPUT_BYTES_MAX } from "@tickline/shared/domain/settlement";
import type { ReadBody } from "./read-body.ts";

/** What a run of `http` returns. A type, not an interface, so that it is JSON by its shape. */
export type HttpOutput = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly truncated: boolean;
  /** What could not be read of the answer, or decoded; absent: all could. */
  readonly note?: string;
};

/** Most bytes of a body that are kept; less where its characters are longer as JSON. */
export const BODY_BYTES_MAX = 32_768;
/** Most bytes of headers that are kept, so that there is room for a body beside them. */
export const HEADERS_BYTES_MAX = 16_384;
/** More than an output has of JSON besides its headers and texts. */
const REST_BYTES_MAX = 256;
/** Never kept: it lets whoever reads the run act as the job. */
const SECRET_HEADERS = new Set(["set-cookie", "set-cookie2"]);

/** The output of an answer, small enough to be stored whatever is in its headers and body. */
export function httpOutput(status: number, headers: Readonly<Record<string, string>>, body: ReadBody): HttpOutput {
  const notes = body.note === null ? [] : [body.note];
  const kept = boundedHeaders(headers);
  if (kept !== headers) {
    notes.push(`the headers have more than ${HEADERS_BYTES_MAX} bytes: the largest are left out`);
  }
  let output: HttpOutput = { status, headers: kept, body: body.text, truncated: body.truncated };
  if (notes.length > 0) output = { ...output, note: notes.join("; ") };
  const textLength = output.body.length + (output.note?.length ?? 0);
  if (6 * textLength + HEADERS_BYTES_MAX + REST_BYTES_MAX <= OUTPUT_BYTES_MAX) return output; // As most do: found out without making JSON.
  // Control characters are six times as long in JSON: halve until it fits, four times at most.
  while (Buffer.byteLength(JSON.stringify(output)) > OUTPUT_BYTES_MAX && output.body !== "") {
    output = { ...output, body: output.body.slice(0, Math.floor(output.body.length / 2)), truncated: true };
  }
  return output;
}

/** The smallest headers first, as many as there is room for, in the order in which they came. */
function boundedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (isSmall(headers)) return headers;
  const sizes = Object.entries(headers).map(([name, value]) => ({ name, bytes: Buffer.byteLength(JSON.stringify([name, value])) }));
  let room = HEADERS_BYTES_MAX;
  if (sizes.reduce((sum, { bytes }) => sum + bytes, 0) <= room) return headers;
  const kept = new Set<string>();
  for (const { name, bytes } of sizes.toSorted((left, right) => left.bytes - right.bytes)) {
    room -= bytes;
    if (room < 0) break;
    kept.add(name);
  }
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.has(name)));
}

/** So few characters cannot make too many bytes: of Latin-1 each is two at most, and quotes, colons and commas are six a header. Found out without making JSON. */
function isSmall(headers: Readonly<Record<string, string>>): boolean {
  let bytes = 0;
  for (const name in headers) bytes += 2 * (name.length + (headers[name]?.length ?? 0)) + 6;
  return bytes <= HEADERS_BYTES_MAX;
}

/** Headers as text each; those that came several times joined by commas. */
export function headersOutput(headers: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  const output: Record<string, string> = {};
  for (const [name, values] of Object.entries(headers)) if (!SECRET_HEADERS.has(name)) output[name] = values.join(", ");
  return output;
}
