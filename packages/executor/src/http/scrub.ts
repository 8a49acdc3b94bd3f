import { readingsOf, type Reading } from "./encoded-text.ts";

/** What stands in the place of a secret. */
export const REDACTED = "[redacted]";
/** So much of the beginning of a longer secret is replaced too: whoever echoes it may cut it short. */
const BEGINNING_LENGTH = 12;
/** So much of a secret at the end of a text that was cut is replaced. */
const CUT_LENGTH_MIN = 4;

export interface ScrubOptions {
  /** Also the beginning of a long secret is one. */
  readonly beginnings: boolean;
  /** The text ends where it was cut, maybe in a secret. */
  readonly cut: boolean;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * A text without secrets, in whatever form they stand in it: as they are, percent-encoded, escaped as in JSON or HTML, or several of these,
 * and in capitals or not.
 */
export function scrub(text: string, secrets: readonly string[], { beginnings, cut }: ScrubOptions): string {
  if (secrets.length === 0 || text === "") return text;
  const ranges: Range[] = [];
  for (const { text: read, starts } of readingsOf(text)) {
    const reading = { text: inLowerCase(read), starts };
    for (const given of secrets) {
      const secret = inLowerCase(given);
      const head = beginnings ? secret.slice(0, BEGINNING_LENGTH) : secret;
      ranges.push(...occurrences(reading, { secret, head }));
      if (cut) ranges.push(...cutOff(reading, secret));
    }
  }
  return replaced(text, ranges);
}

/** Each character by itself, so that all stay where they are: some have a longer form in the other case. */
const inLowerCase = (text: string): string => {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
};

/** Where the text has the head of a secret, as far as it goes on like the secret. */
function occurrences({ text, starts }: Reading, { secret, head }: { readonly secret: string; readonly head: string }): Range[] {
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
function cutOff({ text, starts }: Reading, secret: string): Range[] {
  const head = secret.slice(0, CUT_LENGTH_MIN);
  for (let at = text.indexOf(head, Math.max(0, text.length - secret.length)); at >= 0; at = text.indexOf(head, at + 1)) {
    if (secret.startsWith(text.slice(at))) return [{ from: starts[at] ?? 0, to: Infinity }];
  }
  return [];
}

function replaced(text: string, ranges: readonly Range[]): string {
  let output = "";
  let done = 0;
  for (const { from, to } of ranges.toSorted((left, right) => left.from - right.from)) {
    if (to <= done) continue;
    if (from >= done) output += text.slice(done, from) + REDACTED; // Otherwise it goes on where the last one ended.
    done = Math.min(to, text.length);
  }
  return output + text.slice(done);
}
