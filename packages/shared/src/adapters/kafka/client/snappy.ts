/** Snappy as Kafka's clients write it: in the frames of the Java library, or as one bare block. */
const FRAME_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const FRAME_HEADER_BYTES = 16;
const LENGTH_BYTES = 4;
/** More than any element of three bytes repeats. */
const RATIO_MAX = 64;

/** Throws for what is no Snappy, or longer than `bytesMax`. */
export function decompressSnappy(input: Buffer, bytesMax: number): Buffer {
  if (!input.subarray(0, FRAME_MAGIC.length).equals(FRAME_MAGIC)) return decompressBlock(input, bytesMax);
  const blocks: Buffer[] = [];
  let left = bytesMax;
  for (let at = FRAME_HEADER_BYTES; at < input.length;) {
    const length = input.readUInt32BE(at);
    at += LENGTH_BYTES;
    const block = decompressBlock(input.subarray(at, at + length), left);
    left -= block.length;
    blocks.push(block);
    at += length;
  }
  return Buffer.concat(blocks);
}

/** https://github.com/google/snappy/blob/main/format_description.txt */
function decompressBlock(input: Buffer, bytesMax: number): Buffer {
  const place = { at: 0 };
  const length = readVarint(input, place);
  if (length > bytesMax || length > input.length * RATIO_MAX) throw new Error(`${input.length} bytes of Snappy cannot be ${length}`);
  const output = Buffer.alloc(length);
  let written = 0;
  while (place.at < input.length) {
    const tag = input[place.at] as number;
    place.at += 1;
    if ((tag & 3) === 0) written += copyLiteral(input, place, { tag, output, written });
    else written += copyBack(input, place, { tag, output, written });
  }
  if (written !== length) throw new Error("a Snappy block has another length than it says");
  return output;
}

interface Copy {
  readonly tag: number;
  readonly output: Buffer;
  readonly written: number;
}

function copyLiteral(input: Buffer, place: { at: number }, { tag, output, written }: Copy): number {
  const short = tag >> 2;
  const lengthBytes = short < 60 ? 0 : short - 59;
  const length = (lengthBytes === 0 ? short : input.readUIntLE(place.at, lengthBytes)) + 1;
  const from = place.at + lengthBytes;
  if (from + length > input.length || written + length > output.length) throw new Error("a Snappy literal is too long");
  input.copy(output, written, from, from + length);
  place.at = from + length;
  return length;
}

/** An element that repeats what was written before; it may run into itself. */
function copyBack(input: Buffer, place: { at: number }, { tag, output, written }: Copy): number {
  const kind = tag & 3;
  const offsetBytes = kind === 3 ? 4 : kind;
  const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
  const offset = kind === 1 ? ((tag >> 5) << 8) + input.readUInt8(place.at) : input.readUIntLE(place.at, offsetBytes);
  place.at += offsetBytes;
  repeat(output, { written, offset, length });
  return length;
}

/** Copies `length` bytes from `offset` before `written`, byte by byte, since both may overlap. */
export function repeat(output: Buffer, { written, offset, length }: { written: number; offset: number; length: number }): void {
  if (offset === 0 || offset > written || written + length > output.length) throw new Error("what is repeated is not there");
  for (let index = 0; index < length; index += 1) output[written + index] = output[written + index - offset] as number;
}

function readVarint(input: Buffer, place: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = input[place.at];
    if (byte === undefined) break;
    place.at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw new Error("a Snappy block does not say its length");
}
