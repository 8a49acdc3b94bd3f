import { OUTPUT_BYTES_MAX } from "@tickline/shared/domain/run/settlement";
import type { ReadBody } from "./read-body.ts";

/** What a run of `http` returns. A type, not an interface, so that TypeScript accepts it as JSON. */
export type HttpOutput = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly truncated: boolean;
  /** What could not be read or decoded of the answer; absent: nothing. */
  readonly note?: string;
};

/** Most bytes of a body that are kept; less where its characters are longer as JSON. */
export const BODY_BYTES_MAX = 32_768;
/** Most bytes of headers that are kept, so that a body fits beside them. */
export const HEADERS_BYTES_MAX = 16_384;
/** More than the bytes of JSON that an output has besides its headers and texts. */
const REST_BYTES_MAX = 256;
/** Never kept: a reader of the run could act as the job with them. */
const SECRET_HEADERS = new Set(["set-cookie", "set-cookie2"]);

/** The output for an answer, small enough to be stored whatever its headers and body are. */
export function httpOutput(status: number, headers: Readonly<Record<string, string>>, body: ReadBody): HttpOutput {
  const notes = body.note === null ? [] : [body.note];
  const kept = limitHeaders(headers);
  if (kept !== headers) {
    notes.push(`the headers have more than ${HEADERS_BYTES_MAX} bytes: the largest are left out`);
  }
  let output: HttpOutput = { status, headers: kept, body: body.text, truncated: body.truncated };
  if (notes.length > 0) output = { ...output, note: notes.join("; ") };
  const textLength = output.body.length + (output.note?.length ?? 0);
  if (6 * textLength + HEADERS_BYTES_MAX + REST_BYTES_MAX <= OUTPUT_BYTES_MAX) return output; // Most outputs end here, before JSON is made.
  // Control characters are six times as long in JSON: halve until it fits, four times at most.
  while (Buffer.byteLength(JSON.stringify(output)) > OUTPUT_BYTES_MAX && output.body !== "") {
    output = { ...output, body: output.body.slice(0, Math.floor(output.body.length / 2)), truncated: true };
  }
  return output;
}

/** The smallest headers that fit together, in the order in which they came. */
function limitHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
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

/** Without making JSON: a character of Latin-1 has at most two bytes, and quotes, colons and commas are six for each header. */
function isSmall(headers: Readonly<Record<string, string>>): boolean {
  let bytes = 0;
  for (const name in headers) bytes += 2 * (name.length + (headers[name]?.length ?? 0)) + 6;
  return bytes <= HEADERS_BYTES_MAX;
}

/** One text for each header; the values of a repeated one are joined by commas. */
export function joinHeaders(headers: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  const output: Record<string, string> = {};
  for (const [name, values] of Object.entries(headers)) if (!SECRET_HEADERS.has(name)) output[name] = values.join(", ");
  return output;
}
