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

/** Header values as a consumer gets them: bytes, text, several of a name, or none. */
export type WireHeaders = Readonly<Record<string, Uint8Array | string | (Uint8Array | string)[] | undefined>>;

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
    subject: headerText(headers, "ce_subject") ?? "",
    time,
    tenantId: required(headers, "ce_tenantid"),
  };
}

/** The media type of the value without its parameters; empty if none is given. */
export const mediaTypeOf = (headers: WireHeaders): string =>
  (headerText(headers, "content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

function required(headers: WireHeaders, name: string): string {
  const text = headerText(headers, name);
  if (text === undefined || text === "") throw new WireFault(`the header ${name} is missing`);
  return text;
}

const decoder = new TextDecoder();

function headerText(headers: WireHeaders, name: string): string | undefined {
  const value = headers[name];
  const one = Array.isArray(value) ? value[0] : value;
  return one instanceof Uint8Array ? decoder.decode(one) : one;
}
