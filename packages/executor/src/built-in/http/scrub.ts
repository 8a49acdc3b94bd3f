import { decodeLevels, type DecodedText } from "./encoded-text.ts";

/** What replaces a secret. */
export const REDACTED = "[redacted]";
/** So many characters of the beginning of a longer secret are replaced too: a target that repeats it may cut it. */
const BEGINNING_LENGTH = 12;
/** So many characters of a secret are replaced at the end of a text that was cut. */
const CUT_LENGTH_MIN = 4;

export interface ScrubOptions {
  /** The beginning of a long secret is replaced too. */
  readonly beginnings: boolean;
  /** The text was cut at its end, maybe inside a secret. */
  readonly cut: boolean;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Removes secrets from a text, in every form: as they are, percent-encoded, escaped as in JSON or HTML, or several of these, in lower or upper case.
 */
export function scrub(text: string, secrets: readonly string[], { beginnings, cut }: ScrubOptions): string {
  if (secrets.length === 0 || text === "") return text;
  const ranges: Range[] = [];
  for (const { text: read, starts } of decodeLevels(text)) {
    const level = { text: inLowerCase(read), starts };
    for (const given of secrets) {
      const secret = inLowerCase(given);
      const head = beginnings ? secret.slice(0, BEGINNING_LENGTH) : secret;
      ranges.push(...findOccurrences(level, { secret, head }));
      if (cut) ranges.push(...findCutOff(level, secret));
    }
  }
  return redact(text, ranges);
}

/** Keeps the length, so that places stay the same: a few characters are longer in lower case; a text with one of them is lowered in ASCII alone. */
const inLowerCase = (text: string): string => {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
};

/** Where the text has the head of a secret, and as much after it as equals the secret. */
function findOccurrences({ text, starts }: DecodedText, { secret, head }: { readonly secret: string; readonly head: string }): Range[] {
  const found: Range[] = [];
  for (let at = text.indexOf(head); at >= 0;) {
    let end = at + head.length;
    while (end - at < secret.length && end < text.length && text.charAt(end) === secret.charAt(end - at)) end += 1;
    found.push({ from: starts[at] ?? 0, to: starts[end] ?? Infinity });
    at = text.indexOf(head, end);
  }
  return found;
}

/** The beginning of a secret at the end of a text. */
function findCutOff({ text, starts }: DecodedText, secret: string): Range[] {
  const head = secret.slice(0, CUT_LENGTH_MIN);
  for (let at = text.indexOf(head, Math.max(0, text.length - secret.length)); at >= 0; at = text.indexOf(head, at + 1)) {
    if (secret.startsWith(text.slice(at))) return [{ from: starts[at] ?? 0, to: Infinity }];
  }
  return [];
}

function redact(text: string, ranges: readonly Range[]): string {
  let output = "";
  let done = 0;
  for (const { from, to } of ranges.toSorted((left, right) => left.from - right.from)) {
    if (to <= done) continue;
    if (from >= done) output += text.slice(done, from) + REDACTED; // Otherwise it continues the last range.
    done = Math.min(to, text.length);
  }
  return output + text.slice(done);
}
