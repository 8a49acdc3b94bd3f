import { z } from "zod";

/** A class (`2xx`), one status (`204`) or a range of them (`200-299`). */
const PART = "(?:[1-5]xx|[1-5][0-9]{2}(?:-[1-5][0-9]{2})?)";
const PATTERN = new RegExp(`^(?:any|${PART}(?: ?, ?${PART})*)$`);

/** Which statuses of an answer are a success. */
export const ExpectSchema = z
  .string()
  .max(200)
  .regex(PATTERN, {
    error: 'must be "any", or classes, statuses and ranges by commas, such as "2xx", "200,404" or "200-299,304"',
    abort: true,
  })
  .refine((expect) => partsOf(expect).every(({ from, to }) => from <= to), "a range must go upwards, such as 200-299")
  .default("2xx")
  .meta({ description: "Statuses that are a success: `2xx`, `200,404`, `200-299`, or `any`." });

interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** True when an answer of that status is a success. `expect` has passed the schema. */
export const isExpected = (expect: string, status: number): boolean =>
  partsOf(expect).some(({ from, to }) => status >= from && status <= to);

function partsOf(expect: string): StatusRange[] {
  if (expect === "any") return [{ from: 100, to: 599 }];
  return expect.split(",").map((text) => rangeOf(text.trim()));
}

function rangeOf(part: string): StatusRange {
  if (part.endsWith("xx")) return { from: Number(part.charAt(0)) * 100, to: Number(part.charAt(0)) * 100 + 99 };
  const [from = "", to = from] = part.split("-");
  return { from: Number(from), to: Number(to) };
}
