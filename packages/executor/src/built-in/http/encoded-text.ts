/** A text after some levels of decoding, and the place of each of its characters in the original text. */
export interface DecodedText {
  readonly text: string;
  /** The start of each character in the original, and its length as the last entry. */
  readonly starts: readonly number[];
}

/** How often a text is decoded: JSON in JSON in a URL. */
const LEVELS_MAX = 3;
/** Percent-encoding, escapes of JSON, and entities of HTML. */
const ENCODED = /(?:%[0-9a-f]{2})+|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\["'\\/bfnrt]|&(?:amp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-f]{1,5});/gi;

/** A text as it is, and with its escapes decoded once, twice and so on, while there are any. */
export function decodeLevels(text: string): DecodedText[] {
  const levels: DecodedText[] = [{ text, starts: Array.from({ length: text.length + 1 }, (_, index) => index) }];
  while (levels.length <= LEVELS_MAX) {
    const last = levels.at(-1);
    const next = last === undefined ? null : decodeOnce(last);
    if (next === null) break;
    levels.push(next);
  }
  return levels;
}

function decodeOnce({ text, starts }: DecodedText): DecodedText | null {
  let decoded = "";
  const decodedStarts: number[] = [];
  const add = (character: string, at: number): void => {
    decoded += character;
    for (let unit = 0; unit < character.length; unit += 1) decodedStarts.push(starts[at] ?? 0);
  };
  let from = 0;
  for (const { 0: match, index } of text.matchAll(ENCODED)) {
    for (; from < index; from += 1) add(text.charAt(from), from);
    for (const { character, length } of decodeMatch(match)) {
      add(character, from);
      from += length;
    }
  }
  if (from === 0) return null; // Nothing was encoded: a match would have moved it.
  for (; from < text.length; from += 1) add(text.charAt(from), from);
  decodedStarts.push(starts[text.length] ?? 0);
  return { text: decoded, starts: decodedStarts };
}

interface DecodedCharacter {
  readonly character: string;
  /** Of its encoded form. */
  readonly length: number;
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const ESCAPED: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function decodeMatch(match: string): DecodedCharacter[] {
  const one = (character: string): DecodedCharacter[] => [{ character, length: match.length }];
  if (match.startsWith("%")) return decodePercents(match);
  if (/^\\[ux]/i.test(match) && match.length > 2) return one(String.fromCharCode(Number.parseInt(match.slice(2), 16)));
  if (match.startsWith("\\")) return one(ESCAPED[match.charAt(1)] ?? match.charAt(1));
  const entity = match.slice(1, -1).toLowerCase();
  if (!entity.startsWith("#")) return one(NAMED[entity] ?? match);
  const code = entity.startsWith("#x") ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  return one(String.fromCodePoint(code));
}

/** Character by character, because each has its own place. A byte that is not UTF-8 is read as Latin-1. */
function decodePercents(match: string): DecodedCharacter[] {
  const bytes = Buffer.from(match.replaceAll("%", ""), "hex");
  const decoded: DecodedCharacter[] = [];
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    const encoded = bytes.subarray(at, at + size);
    const text = encoded.toString("utf8");
    const whole = lead < 0x80 || (size > 1 && encoded.equals(Buffer.from(text)));
    decoded.push(whole ? { character: text, length: size * 3 } : { character: String.fromCharCode(lead), length: 3 });
    at += whole ? size : 1;
  }
  return decoded;
}
