import type { Clock } from "../../ports/clock.ts";
import { inParallel } from "../../runtime/batch/in-parallel.ts";
import type { Logger } from "../../runtime/log/logger.ts";
import { EVENT_DEFINITIONS, type EventDefinition } from "../../events/event-definitions.ts";
import type { TicklineEvent } from "../../events/event.ts";
import { isOwnSource } from "../../events/envelope.ts";
import { toAvroSchema } from "../../events/wire/avro-schema.ts";
import { toHeaders } from "../../events/wire/cloud-event.ts";
import type { Decoded, EventCodec, WireMessage } from "../../events/wire/event-codec.ts";
import { decodeBy, eventFormats, eventKey, type EventFormat } from "../../events/wire/event-formats.ts";
import { AVRO_CONTENT_TYPE, decodeJson, isJson } from "../../events/wire/json-codec.ts";
import { avroFormat, WireFault } from "../../events/wire/wire-values.ts";
import { systemClock } from "../system/clock.ts";
import { createPayloadCheck } from "./payload-check.ts";
import { createRegistryClient, subjectName, type AvroType, type RegisteredType, type RegistryClient } from "./registry-client.ts";
import { frame, readSchemaId, unframe } from "./wire-frame.ts";
import { createWriterSchemas } from "./writer-schemas.ts";

export interface RegistryCodecOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Several services start at once with a registry that has just started itself: what waits here does not wait for an answer. */
const REGISTERED_AT_ONCE = 4;

const formats = eventFormats(avroFormat("us"));
const formatsOfOthers = eventFormats(avroFormat("others"));
type Registered = ReadonlyMap<string, RegisteredType>;

/**
 * Events as Avro in Confluent's framing. The schemas are registered at start, and so is checked that they go with all
 * earlier ones. The client keeps the schemas; encoding and reading by the reader's own schema is done here, because the
 * client's `decode` would compile the reader's schema anew for each message.
 */
export async function openRegistryCodec({ url, clock, log }: RegistryCodecOptions): Promise<EventCodec> {
  return createRegistryCodec(createRegistryClient({ url, clock }), log, clock);
}

export async function createRegistryCodec(client: RegistryClient, log: Logger, clock: Clock = systemClock): Promise<EventCodec> {
  let registered = await registerAll(client);
  const resolve = createResolvers();
  const writers = createWriterSchemas({
    client,
    clock,
    log,
    async remembers() {
      const [own] = EVENT_DEFINITIONS as readonly [EventDefinition]; // There are some.
      if (await client.has(toAvroSchema(own), registered.get(own.type)?.id ?? 0)) return true;
      registered = await registerAll(client);
      return false;
    },
  });

  function decodeAvro({ value, headers }: WireMessage, writers: ReadonlyMap<number, AvroType | null>): Decoded {
    return decodeBy(formats, headers, ({ definition }, { source }) => {
      const format = (isOwnSource(source) ? formats : formatsOfOthers).get(definition.type) as EventFormat; // Both have all types.
      const { id, payload } = unframe(value);
      const writer = writers.get(id);
      if (writer === null || writer === undefined) throw new WireFault(`the registry has no schema ${id}`);
      return format.read(resolve(registered.get(format.definition.type) as RegisteredType, { id, writer })(payload)); // All types are registered.
    });
  }
  return {
    encode: (events) => events.map((event) => encodeAvro(event, registered)),
    async decode(messages) {
      const ids = new Set(messages.flatMap(({ value, headers }) => (isJson(headers) ? [] : (readSchemaId(value) ?? []))));
      const known = await writers.of(ids);
      return messages.map((message) => (isJson(message.headers) ? decodeJson(message) : decodeAvro(message, known)));
    },
  };
}

async function registerAll(client: RegistryClient): Promise<Registered> {
  const entries = await inParallel(EVENT_DEFINITIONS, {
    atOnce: REGISTERED_AT_ONCE,
    async work(definition) {
      const schema = toAvroSchema(definition);
      const registered = await client.register(schema);
      await client.warm(subjectName(schema));
      return [definition.type, registered] as const;
    },
  });
  return new Map(entries);
}

function encodeAvro(event: TicklineEvent, registered: Registered) {
  const format = formats.get(event.type) as EventFormat; // Every type has one, and is registered.
  const { id, type } = registered.get(event.type) as RegisteredType;
  const value = frame(id, type.toBuffer(format.write(event.data) as object));
  return { key: eventKey(format, event), value, headers: toHeaders(event, AVRO_CONTENT_TYPE) };
}

/** How to read what one schema wrote by another, made once for each pair. */
function createResolvers() {
  const known = new Map<string, (payload: Buffer) => unknown>();
  return (reader: RegisteredType, { id, writer }: { id: number; writer: AvroType }) => {
    const pair = `${reader.id}/${id}`;
    const read = known.get(pair) ?? readerOrFault(reader, { id, writer });
    known.set(pair, read);
    return read;
  };
}

/** A schema that does not go with the reader's is known not to: messages of it may come in plenty. */
function readerOrFault(...pair: Parameters<typeof readerBy>): (payload: Buffer) => unknown {
  try {
    return readerBy(...pair);
  } catch (cause) {
    const fault = new WireFault("its schema is not that of its event", { cause });
    return () => {
      throw fault;
    };
  }
}

function readerBy({ id: readerId, type }: RegisteredType, { id, writer }: { id: number; writer: AvroType }): (payload: Buffer) => unknown {
  const resolver = id === readerId ? undefined : type.createResolver(writer);
  const check = createPayloadCheck(writer);
  return (payload) =>
    asWireFault("the value is not what its schema says", () => {
      check(payload);
      return type.fromBuffer(payload, resolver);
    });
}

function asWireFault<Value>(problem: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new WireFault(problem, { cause });
  }
}
