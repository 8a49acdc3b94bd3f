import { repeat } from "./snappy.ts";

const MAGIC = 0x184d2204;
/** Of the flags of a frame. */
const HAS_BLOCK_CHECKSUMS = 0x10;
const HAS_CONTENT_SIZE = 0x08;
const HAS_CONTENT_CHECKSUM = 0x04;
const HAS_DICTIONARY = 0x01;
/** Of the size of a block: it is not compressed. */
const PLAIN = 0x8000_0000;

/** Frames of LZ4, one behind the other. Checksums are not looked at: Kafka has its own. Throws for what is none, or longer than `bytesMax`. */
export function decompressLz4(input: Buffer, bytesMax: number): Buffer {
  const output = { bytes: Buffer.alloc(Math.min(bytesMax, Math.max(1_024, input.length * 4))), written: 0, bytesMax };
  for (let at = 0; at < input.length;) at = decompressFrame(input, at, output);
  return output.bytes.subarray(0, output.written);
}

interface Output {
  bytes: Buffer;
  written: number;
  readonly bytesMax: number;
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md. Returns where the frame ends. */
function decompressFrame(input: Buffer, start: number, output: Output): number {
  if (input.readUInt32LE(start) !== MAGIC) throw new Error("this is no frame of LZ4");
  const flags = input.readUInt8(start + 4);
  if ((flags & HAS_DICTIONARY) !== 0) throw new Error("a frame of LZ4 asks for a dictionary");
  let at = start + 7 + ((flags & HAS_CONTENT_SIZE) !== 0 ? 8 : 0);
  for (;;) {
    const size = input.readUInt32LE(at);
    at += 4;
    if (size === 0) break;
    const block = input.subarray(at, at + (size % PLAIN));
    if (size >= PLAIN) append(output, block);
    else decompressBlock(block, output);
    at += block.length + ((flags & HAS_BLOCK_CHECKSUMS) !== 0 ? 4 : 0);
  }
  return at + ((flags & HAS_CONTENT_CHECKSUM) !== 0 ? 4 : 0);
}

/** https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function decompressBlock(block: Buffer, output: Output): void {
  const place = { at: 0 };
  while (place.at < block.length) {
    const token = block.readUInt8(place.at);
    place.at += 1;
    const literals = readLength(block, place, token >> 4);
    if (place.at + literals > block.length) throw new Error("a literal of LZ4 is too long");
    append(output, block.subarray(place.at, place.at + literals));
    place.at += literals;
    if (place.at >= block.length) return; // The last sequence has no match.
    const offset = block.readUInt16LE(place.at);
    place.at += 2;
    const length = readLength(block, place, token & 15) + 4;
    makeRoom(output, length);
    repeat(output.bytes, { written: output.written, offset, length });
    output.written += length;
  }
}

/** 15 means that more bytes follow, up to one that is not 255. */
function readLength(block: Buffer, place: { at: number }, short: number): number {
  let length = short;
  if (short < 15) return length;
  for (;;) {
    const byte = block.readUInt8(place.at);
    place.at += 1;
    length += byte;
    if (byte < 255) return length;
  }
}

function append(output: Output, bytes: Buffer): void {
  makeRoom(output, bytes.length);
  bytes.copy(output.bytes, output.written);
  output.written += bytes.length;
}

function makeRoom(output: Output, bytes: number): void {
  const needed = output.written + bytes;
  if (needed > output.bytesMax) throw new Error(`a batch is longer than ${output.bytesMax} bytes`);
  if (needed <= output.bytes.length) return;
  const wider = Buffer.alloc(Math.min(output.bytesMax, Math.max(needed, output.bytes.length * 2)));
  output.bytes.copy(wider, 0, 0, output.written);
  output.bytes = wider;
}
