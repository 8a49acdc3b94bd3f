/** The last bytes of what a program writes: both streams in the order in which they came. The memory is bounded, however much it writes. */
export interface OutputTail {
  add(chunk: Buffer): void;
  /** All that came, in bytes. */
  readonly bytes: number;
  /** What was kept, as text. Bytes that are no UTF-8 are replaced; a character that was cut is left out. */
  text(): string;
}

export function createOutputTail(bytesMax: number): OutputTail {
  let chunks: Buffer[] = [];
  let kept = 0;
  let bytes = 0;

  return {
    add(chunk) {
      bytes += chunk.length;
      kept += chunk.length;
      chunks.push(chunk);
      if (kept <= 2 * bytesMax) return;
      // Joined when twice the limit has come, so that each byte is copied about once.
      const tail = Buffer.concat(chunks).subarray(-bytesMax);
      chunks = [Buffer.from(tail)];
      kept = tail.length;
    },
    get bytes() {
      return bytes;
    },
    text: () => withoutCutCharacter(Buffer.concat(chunks).subarray(-bytesMax), bytes > bytesMax).toString("utf8"),
  };
}

/** Longest character of UTF-8, in bytes. */
const CHARACTER_BYTES_MAX = 4;

/** Without the bytes at the beginning that continue a character whose first byte was cut off. */
function withoutCutCharacter(bytes: Buffer, cut: boolean): Buffer {
  if (!cut) return bytes;
  let start = 0;
  while (start < CHARACTER_BYTES_MAX - 1 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start);
}

/** The end of a text, at most so many UTF-16 units, not beginning within a pair. */
export function tailChars(text: string, charsMax: number): string {
  const tail = text.length > charsMax ? text.slice(text.length - charsMax) : text;
  return isLowSurrogate(tail.charCodeAt(0)) && tail.length < text.length ? tail.slice(1) : tail;
}

/** The end of a text that takes at most so many bytes as a string of JSON, quotes included. */
export function tailForJson(text: string, bytesMax: number): string {
  let bytes = 2;
  let start = text.length;
  while (start > 0) {
    const width = start > 1 && isPair(text.charCodeAt(start - 2), text.charCodeAt(start - 1)) ? 2 : 1;
    bytes += width === 2 ? CHARACTER_BYTES_MAX : jsonBytes(text.charCodeAt(start - 1));
    if (bytes > bytesMax) break;
    start -= width;
  }
  return text.slice(start);
}

/** Controls that JSON writes with one letter: \b, \t, \n, \f, \r. */
const SHORT_ESCAPES = new Set([8, 9, 10, 12, 13]);
const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** The bytes of one UTF-16 unit in JSON. Counted, not written: that takes 0.5 ms for 64 KiB of lines, and JSON.stringify of each unit 5 ms. */
function jsonBytes(unit: number): number {
  if (unit < 0x20) return SHORT_ESCAPES.has(unit) ? 2 : 6;
  if (unit < 0x80) return unit === QUOTE || unit === BACKSLASH ? 2 : 1;
  if (unit < 0x800) return 2;
  return isHighSurrogate(unit) || isLowSurrogate(unit) ? 6 : 3; // One half of a pair is written as \udXXX.
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
const isPair = (high: number, low: number): boolean => isHighSurrogate(high) && isLowSurrogate(low);
