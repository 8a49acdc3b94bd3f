/** A place in a JSON text that `JSON.parse` would change. */
export interface AlteredPlace {
  readonly path: readonly (string | number)[];
  readonly kind: "number_not_exact" | "duplicate_key" | "half_character";
  /** What would become of it, as a sentence without a subject: the subject is the place. */
  readonly message: string;
}

/**
 * The first place of a text that `JSON.parse` accepts but alters: a number that no double holds exactly, a member that a later one of the
 * same name replaces, and half of a surrogate pair, which has no UTF-8. Null: what is parsed says what was written. `text` must be JSON, not
 * nested deeper than a recursion may go.
 */
export function alteredIn(text: string): AlteredPlace | null {
  const cursor: Cursor = { text, at: 0 };
  const path: (string | number)[] = [];
  const altered = (kind: AlteredPlace["kind"], message: string): AlteredPlace => ({ path: [...path], kind, message });

  function value(): AlteredPlace | null {
    skipBlanks(cursor);
    const first = text[cursor.at];
    if (first === "{") return members();
    if (first === "[") return items();
    if (first === '"') return unescapeText(takeString(cursor)).isWellFormed() ? null : altered("half_character", `has ${HALF}`);
    const literal = takeLiteral(cursor);
    return literal.length <= ALWAYS_EXACT_LENGTH || isExact(literal) ? null : altered("number_not_exact", describeLoss(literal));
  }
  /** Calls `one` for each of a list or an object that begins here, and goes on behind its end. */
  function each(end: string, one: () => AlteredPlace | null): AlteredPlace | null {
    cursor.at += 1;
    for (skipBlanks(cursor); text[cursor.at] !== end; skipBlanks(cursor)) {
      if (text[cursor.at] === ",") cursor.at += 1;
      else {
        const found = one();
        if (found !== null) return found;
        path.pop();
      }
    }
    cursor.at += 1;
    return null;
  }
  function members(): AlteredPlace | null {
    const names = new Set<string>();
    return each("}", () => {
      const name = unescapeText(takeString(cursor));
      path.push(name);
      if (names.has(name)) return altered("duplicate_key", "is there twice in one object: only one of them would be kept");
      if (!name.isWellFormed()) return altered("half_character", `is a name with ${HALF}`);
      names.add(name);
      skipBlanks(cursor);
      cursor.at += 1; // The colon.
      return value();
    });
  }
  function items(): AlteredPlace | null {
    let index = 0;
    return each("]", () => {
      path.push(index);
      index += 1;
      return value();
    });
  }
  return value();
}

/**
 * Whether a text is what its value makes when it is written again, as short as it can be, so that nothing was altered: what most programs
 * send. It costs a ninth of a look for places. Halves of surrogate pairs are escaped in both.
 */
export const isAsWritten = (text: string, value: unknown): boolean => !text.includes("\\u") && JSON.stringify(value) === text;

const HALF = "half of a surrogate pair, which no UTF-8 can hold";

/** A place in a text that is known to be JSON. */
interface Cursor {
  readonly text: string;
  at: number;
}

const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const ENDS: ReadonlySet<number> = new Set([...BLANKS, ..."],}".split("").map((end) => end.charCodeAt(0))]);

function skipBlanks(cursor: Cursor): void {
  while (BLANKS.has(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
}

/** Returns what stands between two quotes, as it is written, and goes on behind it. */
function takeString(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = text.indexOf('"', at + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  cursor.at = end + 1;
  return text.slice(at + 1, end);
}

/** Returns a number or a word, and goes on behind it. */
function takeLiteral(cursor: Cursor): string {
  const { text, at } = cursor;
  while (cursor.at < text.length && !ENDS.has(text.charCodeAt(cursor.at))) cursor.at += 1;
  return text.slice(at, cursor.at);
}

/** A quote behind an odd number of backslashes is not the end of its text. */
function isEscaped(text: string, quoteAt: number): boolean {
  let backslashes = 0;
  while (text[quoteAt - 1 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 1;
}

const unescapeText = (written: string): string => (written.includes("\\") ? (JSON.parse(`"${written}"`) as string) : written);

/** What has so few characters is a word, or a number that is kept: the shortest that is not is 1e400. */
const ALWAYS_EXACT_LENGTH = 4;

/** The number that is kept has the same value when it is written again: 2^60 is a double, but JavaScript writes 1152921504606847000. */
function isExact(literal: string): boolean {
  const kept = Number(literal);
  if (Number.isNaN(kept)) return true; // A word.
  return Number.isFinite(kept) && sameDecimal(literal, String(kept));
}

const sameDecimal = (left: string, right: string): boolean => left === right || toDecimal(left) === toDecimal(right);

/** A decimal number in one form: sign, digits without zeros at either end, and the power of ten of the last of them. */
function toDecimal(literal: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`;
}

/** A long number is shown by its beginning. */
const SHOWN_MAX = 40;

function describeLoss(literal: string): string {
  const shown = literal.length > SHOWN_MAX ? `${literal.slice(0, SHOWN_MAX)}…` : literal;
  const kept = Number(literal);
  const became = Number.isFinite(kept) ? `would be kept as ${kept}` : "is too large to be kept";
  return `${shown} ${became}: JSON numbers are kept to 15 digits or more, text in quotes to the last`;
}
