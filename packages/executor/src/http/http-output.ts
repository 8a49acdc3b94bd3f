import { OUTPUT_BYTES_MAX } from "@tickline/shared/domain/settlement";
import type { ReadBody } from "./read-body.ts";

/** What a run of `http` returns. A type, not an interface, so that it is JSON by its shape. */
export type HttpOutput = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly truncated: boolean;
};

/** Most bytes of a body that are kept; less where its characters are longer as JSON. */
export const BODY_BYTES_MAX = 32_768;
/** Never kept: it lets whoever reads the run act as the job. */
const SECRET_HEADERS = new Set(["set-cookie", "set-cookie2"]);

/** The output of an answer, small enough to be stored whatever is in its body. */
export function httpOutput(status: number, headers: Readonly<Record<string, string>>, body: ReadBody): HttpOutput {
  let output: HttpOutput = { status, headers, body: body.text, truncated: body.truncated };
  // Control characters are six times as long in JSON: halve until it fits, four times at most.
  while (Buffer.byteLength(JSON.stringify(output)) > OUTPUT_BYTES_MAX && output.body !== "") {
    output = { ...output, body: output.body.slice(0, Math.floor(output.body.length / 2)), truncated: true };
  }
  return output;
}

/** Headers as text each; those that came several times joined by commas. */
export function headersOutput(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string> {
  const output: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || SECRET_HEADERS.has(name)) continue;
    output[name] = typeof value === "string" ? value : value.join(", ");
  }
  return output;
}
