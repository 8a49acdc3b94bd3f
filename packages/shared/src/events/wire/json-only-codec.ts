import { isOwnSource } from "../envelope.ts";
import { readMediaType } from "./cloud-event.ts";
import type { Decoded, EventCodec, WireMessage } from "./event-codec.ts";
import { AVRO_CONTENT_TYPE, decodeJson, jsonCodec, unreadableAvro } from "./json-codec.ts";

/**
 * Events as JSON where no registry is set. A message in Avro is a fault of the configuration, and waits for a better one, until an event
 * of Tickline has been read in JSON: then this installation is without a registry, and a message in Avro is one that cannot be
 * read here. Otherwise that one message would stop its partition for ever.
 */
export function createJsonOnlyCodec(): EventCodec {
  let oursIsJson = false;
  function read(message: WireMessage): Decoded {
    const decoded = decodeJson(message);
    oursIsJson ||= decoded.kind === "event" && isOwnSource(decoded.event.source);
    return decoded;
  }
  return {
    encode: jsonCodec.encode,
    async decode(messages) {
      const decoded = messages.map((message) => (isAvro(message) ? null : read(message)));
      return decoded.map((known, index) => {
        const message = messages[index] as WireMessage; // One is decoded for each.
        return known ?? (oursIsJson ? unreadableAvro(message) : decodeJson(message));
      });
    },
  };
}

const isAvro = ({ headers }: WireMessage): boolean => readMediaType(headers) === AVRO_CONTENT_TYPE;
