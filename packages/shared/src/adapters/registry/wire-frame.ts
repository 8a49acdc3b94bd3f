import { WireFault } from "../../events/wire/wire-values.ts";

/** Confluent's framing: a zero, the id of the schema in four bytes, then the Avro value. */
const HEADER_BYTES = 5;

export function frame(id: number, payload: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(id, 1);
  payload.copy(framed, HEADER_BYTES);
  return framed;
}

/** The id of the schema that wrote it; undefined: it is not framed. */
export const readSchemaId = (value: Uint8Array | null): number | undefined =>
  value !== null && value.length >= HEADER_BYTES && value[0] === 0 ? asBuffer(value).readUInt32BE(1) : undefined;

export function unframe(value: Uint8Array | null): { id: number; payload: Buffer } {
  const id = readSchemaId(value);
  if (value === null || id === undefined) throw new WireFault("the value is not in the framing of a schema registry");
  return { id, payload: asBuffer(value).subarray(HEADER_BYTES) };
}

const asBuffer = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);
