import { readMediaType, toHeaders } from "./cloud-event.ts";
import type { Decoded, EventCodec, WireMessage } from "./event-codec.ts";
import { isOwnSource } from "../envelope.ts";
import type { TicklineEvent } from "../event.ts";
import { AppError } from "../../domain/app-error.ts";
import { decodeBy, eventFormats, eventKey, type EventFormat } from "./event-formats.ts";
import { JSON_FORMAT, parseJson, WireFault, type WrittenBy } from "./wire-values.ts";

export const JSON_CONTENT_TYPE = "application/json";
export const AVRO_CONTENT_TYPE = "application/avro";

const formats = eventFormats(JSON_FORMAT);
const decoder = new TextDecoder("utf-8", { fatal: true });

const findFormat = ({ type }: TicklineEvent): EventFormat => formats.get(type) as EventFormat; // Every type has one.

/** The data of an event as JSON has it: instants are ISO 8601 text. Throws for an instant that no calendar has. */
export const toJsonData = (event: TicklineEvent): unknown => findFormat(event).write(event.data);

/** Events as plain JSON, for installations without a registry. */
export const jsonCodec: EventCodec = {
  encode: (events) =>
    events.map((event) => ({
      key: eventKey(findFormat(event), event),
      value: JSON.stringify(toJsonData(event)),
      headers: toHeaders(event, JSON_CONTENT_TYPE),
    })),
  decode: async (messages) => messages.map(decodeJson),
};

/** Avro without a registry is a fault of the configuration, not of the message: it waits until that is fixed. */
export function decodeJson({ value, headers }: WireMessage): Decoded {
  if (readMediaType(headers) === AVRO_CONTENT_TYPE) {
    throw new AppError("bus_unavailable", "messages are in Avro, and no registry is set here: set REGISTRY_URL", { retryable: true });
  }
  return decodeBy(formats, headers, (format, { source }) => format.read(parsed(value, isOwnSource(source) ? "us" : "others")));
}

function parsed(value: Uint8Array | null, writtenBy: WrittenBy): unknown {
  if (value === null) throw new WireFault("the value is empty");
  const data = parseJson(decodeUtf8(value), writtenBy);
  if (data === undefined) throw new WireFault("the value is not JSON");
  return data;
}

function decodeUtf8(value: Uint8Array): string {
  try {
    return decoder.decode(value);
  } catch (cause) {
    throw new WireFault("the value is not JSON: it is not UTF-8", { cause });
  }
}

/** A message in Avro, in an installation without a registry. */
export const unreadableAvro = ({ headers }: WireMessage): Decoded =>
  decodeBy(formats, headers, () => {
    throw new WireFault("it is in Avro, and no registry is set here (REGISTRY_URL)");
  });

/** For a codec that knows more formats: what it would have to read by this one. */
export const isJson = (headers: WireMessage["headers"]): boolean => readMediaType(headers) === JSON_CONTENT_TYPE;
