import { describe, expect, test } from "@jest/globals";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import kafkajs from "kafkajs"; // Node finds not all names of this package.
import { registerCompressions } from "./compression.ts";
import { decompressLz4 } from "./lz4.ts";
import { decompressSnappy } from "./snappy.ts";

const TEXT = `${"tickline runs what is due, ".repeat(3).slice(0, -2)}!`;
/** Made by the reference libraries. */
const SNAPPY = "UGh0aWNrbGluZSBydW5zIHdoYXQgaXMgZHVlLCDOGwAAIQ==";
const LZ4 = "BCJNGHxAUAAAAAAAAABUJgAAAP8MdGlja2xpbmUgcnVucyB3aGF0IGlzIGR1ZSwgGwAdUCBkdWUh5wyJyQAAAACt15yf";
const LZ4_PLAIN = "BCJNGGhAAwAAAAAAAACHAwAAgAECAwAAAAA=";

const bytes = (base64: string): Buffer => Buffer.from(base64, "base64");
const framed = (...blocks: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ...blocks.flatMap((block) => [Buffer.from([0, 0, 0, block.length]), block]),
  ]);

describe("what other clients compress can be read", () => {
  test("Snappy, as one block and in the frames of the Java library", () => {
    expect(String(decompressSnappy(bytes(SNAPPY), 1_000))).toBe(TEXT);
    expect(String(decompressSnappy(framed(bytes(SNAPPY), bytes(SNAPPY)), 1_000))).toBe(TEXT + TEXT);
  });

  test("LZ4, with and without checksums and sizes, compressed or not, one frame behind the other", () => {
    expect(String(decompressLz4(bytes(LZ4), 1_000))).toBe(TEXT);
    expect(decompressLz4(Buffer.concat([bytes(LZ4_PLAIN), bytes(LZ4_PLAIN)]), 1_000)).toEqual(Buffer.from([1, 2, 3, 1, 2, 3]));
  });

  test("by the codecs that kafkajs asks for", async () => {
    registerCompressions();
    const { CompressionCodecs: codecs, CompressionTypes: types } = kafkajs;
    const given: readonly (readonly [number, Buffer])[] = [
      [types.Snappy, bytes(SNAPPY)],
      [types.LZ4, bytes(LZ4)],
      [types.ZSTD, zstdCompressSync(TEXT)],
      [types.GZIP, (await codecs[types.GZIP]().compress({ buffer: Buffer.from(TEXT) })) as Buffer],
    ];
    for (const [type, batch] of given) expect(String(await codecs[type as 1]().decompress(batch))).toBe(TEXT);
  });
});

describe("what is longer than it may be is refused before it is there", () => {
  test.each<[string, () => Buffer]>([
    ["Snappy", () => decompressSnappy(bytes(SNAPPY), 10)],
    ["Snappy in frames", () => decompressSnappy(framed(bytes(SNAPPY), bytes(SNAPPY)), TEXT.length + 1)],
    ["Snappy that only says so", () => decompressSnappy(Buffer.from([0xff, 0xff, 0xff, 0x3f, 0]), 2 ** 27)],
    ["LZ4", () => decompressLz4(bytes(LZ4), 10)],
    ["LZ4 in frames", () => decompressLz4(Buffer.concat([bytes(LZ4), bytes(LZ4)]), TEXT.length + 1)],
  ])("%s", (_, decompress) => expect(decompress).toThrow());
});

test.each([
  ["Snappy", decompressSnappy, SNAPPY],
  ["LZ4", decompressLz4, LZ4],
] as const)("whatever was done to the bytes, %s ends", (_, decompress, good) => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
  fc.assert(
    fc.property(changes, fc.nat({ max: 80 }), (changed, length) => {
      const batch = bytes(good).subarray(0, length);
      for (const [at, byte] of changed) if (batch.length > 0) batch[at % batch.length] = byte;
      expect(decompressedLength(() => decompress(batch, 10_000))).toBeLessThanOrEqual(10_000);
    }),
    { numRuns: 3_000 },
  );
});

function decompressedLength(decompress: () => Buffer): number {
  try {
    return decompress().length;
  } catch {
    return 0; // Refused.
  }
}
