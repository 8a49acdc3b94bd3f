import { EVENT_DEFINITIONS, type EventDefinition } from "../event-definitions.ts";
import type { TicklineEvent } from "../event.ts";
import { readAttributes, type EventAttributes, type WireHeaders } from "./cloud-event.ts";
import type { Decoded } from "./event-codec.ts";
import { toRecordShape } from "./wire-shape.ts";
import { compileReader, WireFault, compileWriter, type WireFormat } from "./wire-values.ts";

/** One event in one format: writes its data, and reads and checks it. */
export interface EventFormat {
  readonly definition: EventDefinition;
  write(data: TicklineEvent["data"]): unknown;
  /** Throws a `WireFault` for data that does not fit this event. */
  read(value: unknown): TicklineEvent["data"];
}

/** Every event in this format, by its type. */
export function eventFormats(format: WireFormat): ReadonlyMap<string, EventFormat> {
  const all = EVENT_DEFINITIONS.map((definition): [string, EventFormat] => {
    const shape = toRecordShape(definition.type, definition.data);
    const read = compileReader(shape, format);
    return [
      definition.type,
      {
        definition,
        write: compileWriter(shape, format) as EventFormat["write"], // The shape is of the type's own data.
        read: (value) => read(value, "data") as TicklineEvent["data"],
      },
    ];
  });
  return new Map(all);
}

export const eventKey = ({ definition }: EventFormat, event: TicklineEvent): string | null =>
  definition.key === "jobId" && event.subject !== "" ? event.subject : null;

/** Reads one message: the envelope here, the data by `readData`. A `WireFault` from either marks a message that cannot be read. */
export function decodeBy(
  formats: ReadonlyMap<string, EventFormat>,
  headers: WireHeaders,
  readData: (format: EventFormat, attributes: EventAttributes) => TicklineEvent["data"],
): Decoded {
  let attributes: EventAttributes | undefined;
  try {
    attributes = readAttributes(headers);
    const format = formats.get(attributes.type);
    if (format === undefined) return { kind: "unknown", type: attributes.type };
    return { kind: "event", event: { ...attributes, data: readData(format, attributes) } as TicklineEvent }; // Of the type whose format read it.
  } catch (fault) {
    if (fault instanceof WireFault) return { kind: "undecodable", reason: fault.message, ...(attributes && { attributes }) };
    throw fault;
  }
}
