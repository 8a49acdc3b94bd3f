/** A class (`2xx`), one status (`204`) or a range of them (`200-299`). */
const PART = "(?:[1-5]xx|[1-5][0-9]{2}(?:-[1-5][0-9]{2})?)";
const PATTERN = new RegExp(`^(?:any|${PART}(?: ?, ?${PART})*)$`);

/** Why a text does not say which statuses of an answer are a success, as a sentence without its subject; null: it does. */
export function expectedStatusesFault(text: string): string | null {
  if (!PATTERN.test(text)) return 'must be "any", or classes, statuses and ranges by commas, such as "2xx", "200,404" or "200-299,304"';
  return parseRanges(text).every(({ from, to }) => from <= to) ? null : "must have ranges that go upwards, such as 200-299";
}

interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** True when an answer of that status is a success. `expected` is without a fault. */
export const isExpected = (expected: string, status: number): boolean =>
  parseRanges(expected).some(({ from, to }) => status >= from && status <= to);

function parseRanges(expected: string): StatusRange[] {
  if (expected === "any") return [{ from: 100, to: 999 }];
  return expected.split(",").map((text) => parseRange(text.trim()));
}

function parseRange(part: string): StatusRange {
  if (part.endsWith("xx")) return { from: Number(part.charAt(0)) * 100, to: Number(part.charAt(0)) * 100 + 99 };
  const [from = "", to = from] = part.split("-");
  return { from: Number(from), to: Number(to) };
}
