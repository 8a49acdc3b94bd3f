import type { TicklineEvent } from "../event.ts";
import { WireFault } from "./wire-values.ts";

/**
 * CloudEvents 1.0 on Kafka in binary mode: the envelope is in headers, the value is the data alone. Written here and
 * not by the `cloudevents` package, which checks each event against a JSON Schema and copies it several times: these few
 * attributes need neither, and a message must cost microseconds.
 */
export interface EventAttributes {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: number;
  readonly tenantId: string;
}

/** Header values as a consumer gets them: bytes, text, several of a name, or none. Null: the header is there, without a value. */
export type WireHeaders = Readonly<Record<string, WireHeader | readonly WireHeader[] | undefined>>;
type WireHeader = Uint8Array | string | null;

/** Longest attribute, in bytes. They are repeated in replies, history and logs, so that a message of one attribute would come back as a larger one. */
export const ATTRIBUTE_BYTES_MAX = 1_024;

export function toHeaders(event: TicklineEvent, contentType: string): Record<string, string> {
  return {
    "content-type": contentType,
    ce_specversion: "1.0",
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ...(event.subject !== "" && { ce_subject: event.subject }), // An empty subject is not allowed: it is left out.
    ce_time: new Date(event.time).toISOString(),
    ce_tenantid: event.tenantId,
  };
}

/** Throws a `WireFault` that names the header which is missing or wrong. */
export function readAttributes(headers: WireHeaders): EventAttributes {
  if (required(headers, "ce_specversion") !== "1.0") throw new WireFault("ce_specversion is not 1.0");
  const time = Date.parse(required(headers, "ce_time"));
  if (Number.isNaN(time)) throw new WireFault("ce_time must be an instant");
  return {
    id: required(headers, "ce_id"),
    type: required(headers, "ce_type"),
    source: required(headers, "ce_source"),
    subject: attribute(headers, "ce_subject"),
    time,
    tenantId: required(headers, "ce_tenantid"),
  };
}

/** The media type of the value without its parameters; empty if none is given. */
export const readMediaType = (headers: WireHeaders): string =>
  decodeHeader(firstValue(headers["content-type"])).split(";")[0]?.trim().toLowerCase() ?? "";

function required(headers: WireHeaders, name: string): string {
  const text = attribute(headers, name);
  if (text === "") throw new WireFault(`the header ${name} is missing`);
  return text;
}

function attribute(headers: WireHeaders, name: string): string {
  const one = firstValue(headers[name]);
  if (one.length > ATTRIBUTE_BYTES_MAX) throw new WireFault(`the header ${name} has more than ${ATTRIBUTE_BYTES_MAX} bytes`);
  const text = decodeHeaderStrictly(one, name);
  if (CONTROL_CHARACTER.test(text)) throw new WireFault(`the header ${name} has control characters`);
  return text;
}

/** CloudEvents 1.0, "Type System": no attribute has any. They would end a line of an event stream, or of a log. */
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/; // oxlint-disable-line no-control-regex -- these are what it looks for

/** The first of several headers of one name; a header without a value counts as missing. */
function firstValue(value: WireHeaders[string]): Uint8Array | string {
  return (isList(value) ? value[0] : value) ?? "";
}

const decoder = new TextDecoder();
const decodeHeader = (header: Uint8Array | string): string => (typeof header === "string" ? header : decoder.decode(header));

/** Bytes that are not UTF-8 would become U+FFFD, and so the name of another sender or job. */
function decodeHeaderStrictly(header: Uint8Array | string, name: string): string {
  if (typeof header === "string") return header;
  try {
    return exactDecoder.decode(header);
  } catch (cause) {
    throw new WireFault(`the header ${name} is not UTF-8`, { cause });
  }
}
const exactDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const isList = (value: WireHeaders[string]): value is readonly WireHeader[] => Array.isArray(value);
