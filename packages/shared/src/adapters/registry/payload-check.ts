import type { AvroType } from "./registry-client.ts";

/** A schema as avsc gives it back. */
type Schema = string | readonly Schema[] | SchemaObject;
interface SchemaObject {
  readonly type: Schema;
  readonly name?: string;
  readonly fields?: readonly { readonly type: Schema }[];
  readonly items?: Schema;
  readonly values?: Schema;
  readonly size?: number;
}

/** How far a payload has been looked at. */
interface Place {
  readonly payload: Uint8Array;
  at: number;
}
type Walk = (place: Place) => void;

/**
 * Checks a payload before avsc 5 reads it. avsc does not check lengths and counts: a list of 2^40 items in a message of twelve bytes is
 * read until memory runs out, and a text of negative length leads to an endless loop. Throws for lengths beyond the payload.
 * Compiled once for each schema, since it runs for every message.
 */
export function createPayloadCheck(writer: AvroType): (payload: Uint8Array) => void {
  const { schema } = writer as unknown as { schema(): Schema }; // avsc's types have it; what is no Avro schema has not, and is none of ours.
  const walk = compileWalk(schema.call(writer), new Map());
  return (payload) => walk({ payload, at: 0 });
}

function compileWalk(schema: Schema, named: Map<string, Walk>): Walk {
  if (typeof schema === "string") return named.get(schema) ?? primitive(schema);
  if (Array.isArray(schema)) return union(schema.map((option: Schema) => compileWalk(option, named)));
  const { type, name, fields = [], items = "null", values = "null", size = 0 } = schema as SchemaObject;
  switch (type) {
    case "record":
    case "error": {
      const walks: Walk[] = [];
      const record: Walk = (place) => walks.forEach((walk) => walk(place));
      if (name !== undefined) named.set(name, record); // Before its fields, which may be of it.
      for (const field of fields) walks.push(compileWalk(field.type, named));
      return record;
    }
    case "array":
      return blocks(compileWalk(items, named));
    case "map": {
      const value = compileWalk(values, named);
      return blocks((place) => {
        skip(place, readLong(place));
        value(place);
      });
    }
    case "enum":
    case "fixed": {
      const walk = type === "enum" ? primitive("int") : (place: Place) => skip(place, size);
      if (name !== undefined) named.set(name, walk);
      return walk;
    }
    default:
      return compileWalk(type, named);
  }
}

function primitive(name: string): Walk {
  switch (name) {
    case "null":
      return () => undefined;
    case "boolean":
      return (place) => skip(place, 1);
    case "float":
      return (place) => skip(place, 4);
    case "double":
      return (place) => skip(place, 8);
    case "int":
    case "long":
      return (place) => void readLong(place);
    case "string":
    case "bytes":
      return (place) => skip(place, readLong(place));
    default:
      throw new Error(`no walk for ${name}`);
  }
}

const union =
  (options: readonly Walk[]): Walk =>
  (place) => {
    const option = options[readLong(place)];
    if (option === undefined) throw new Error("there is no such option");
    option(place);
  };

/** Lists and maps: blocks of counted items, up to one of none. A negative count is followed by the size of its block. */
const blocks =
  (item: Walk): Walk =>
  (place) => {
    for (;;) {
      const count = readLong(place);
      if (count === 0) return;
      const size = count < 0 ? readLong(place) : null;
      const from = place.at;
      if (Math.abs(count) > place.payload.length - from) throw new Error("a list is longer than the message");
      for (let left = Math.abs(count); left > 0; left -= 1) item(place);
      if (size !== null && place.at - from !== size) throw new Error("a block has another size than it says");
    }
  };

function skip(place: Place, bytes: number): void {
  if (bytes < 0 || bytes > place.payload.length - place.at) throw new Error("a value is longer than the message");
  place.at += bytes;
}

/** Most bytes of a number of 64 bits. */
const LONG_BYTES_MAX = 10;

/** Seven bits a byte, the lowest first, zigzag. Beyond 2^53 it is not exact, which no length comes near. */
function readLong(place: Place): number {
  let value = 0;
  for (let index = 0; index < LONG_BYTES_MAX; index += 1) {
    const byte = place.payload[place.at];
    if (byte === undefined) break;
    place.at += 1;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  throw new Error("a number does not end");
}
