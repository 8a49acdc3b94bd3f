import Decoder from "kafkajs/src/protocol/decoder.js";

/** One header of a message, as kafkajs reads it. */
interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

/** What a message has under one name: several values if the name is repeated. */
type HeaderValue = Buffer | null | (Buffer | null)[];

/**
 * kafkajs 2.2.4 copies all headers read so far for each further one: a message of 150 KB with 20,000 headers holds the event loop for
 * 97 s, so one message stops every process that reads it. And it looks names up in an object with a prototype: a header named
 * `constructor` comes with a function that cannot be written into a dead letter. Here headers are collected in one pass, into an object
 * without prototype. The library is frozen and pinned exactly; a test would notice a version that does not come by here.
 */
export function containHeaders(): void {
  Decoder.prototype.readVarIntArray = function readHeaders(read) {
    const count = this.readVarInt();
    const headers = new Headers();
    for (let index = 0; index < count && this.offset < this.buffer.length; index += 1) headers.push(read(this));
    return headers;
  };
}

/** Its only reader calls `reduce`, with the function that copies. */
class Headers extends Array<Header> {
  override reduce(): never {
    const byName = Object.create(null) as Record<string, HeaderValue>;
    for (const { key, value } of this) {
      const before = byName[key];
      if (before === undefined) byName[key] = value;
      else if (Array.isArray(before)) before.push(value);
      else byName[key] = [before, value];
    }
    return byName as never;
  }
}
