import { patternWithin } from "../../json/json-pattern.ts";
import { boundedCache } from "../bounded-cache.ts";
import { type Parsed, fault, parsed } from "../fault.ts";
import { suggestZone, zoneOfCity } from "./zone-suggestion.ts";

/** The form of the names that `parseZone` reads, as a pattern of JSON Schema: which of them are zones the time zone data says. */
export const ZONE_PATTERN = patternWithin("[A-Za-z][A-Za-z0-9_+/-]*");

/** ICU has these for compatibility with old Java; they are not IANA names, and people use them for different zones. */
const ABBREVIATIONS = new Set(
  "ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST".split(" "),
);

/**
 * Reads the name of an IANA time zone, in any case. If the runtime has the same name, its spelling is used
 * (`europe/berlin` is `Europe/Berlin`); another name of a zone (`Europe/Kyiv`, `Etc/UTC`) stays as it was written,
 * because the runtime's own choice among them is often the outdated one.
 */
export function parseZone(text: string): Parsed<string> {
  const name = text.trim();
  if (/^[+-]?\d/.test(name)) {
    const same = zoneOfOffset(name);
    const remedy =
      same === null ? "name a zone such as Europe/Berlin or UTC" : `name a zone such as Europe/Berlin, or ${same} for this offset`;
    return fault("unknown_time_zone", `"${name}" is an offset, not a time zone: ${remedy}`);
  }
  const known = resolveZone(name);
  if (known !== null && isZone(name)) return parsed(known.toLowerCase() === name.toLowerCase() ? known : name);
  const suggestion = known ?? suggestZone(name);
  return fault(
    "unknown_time_zone",
    `"${name}" is not an IANA time zone: ${suggestion === null ? "use a name such as Europe/Berlin or UTC" : `did you mean ${suggestion}?`}`,
  );
}

/** The zone of a name, an abbreviation, a city or an offset, without correction of typing errors; null if there is none. */
export function zoneMeantBy(text: string): string | null {
  const name = text.trim().replace(/^(?:utc|gmt)(?=[+-])/i, "");
  if (/^[+-]?\d/.test(name)) return zoneOfOffset(name);
  return isZone(name) ? name : (resolveZone(name) ?? zoneOfCity(name));
}

/** The zone with a constant offset of whole hours from UTC; its name has the opposite sign. Null if there is none. */
function zoneOfOffset(offset: string): string | null {
  const [, sign, hours] = /^([+-]?)(\d{1,2})(?::?00)?$/.exec(offset) ?? [];
  if (hours === undefined) return null;
  const zone = Number(hours) === 0 ? "UTC" : `Etc/GMT${sign === "-" ? "+" : "-"}${Number(hours)}`;
  return isZone(zone) ? zone : null;
}

/** Whether `parseZone` accepts a name; a refusal costs less than the search for a suggestion. */
export const isZone = (name: string): boolean =>
  !/^[+-]?\d/.test(name) && !ABBREVIATIONS.has(name.toUpperCase()) && !/^systemv\//i.test(name) && resolveZone(name) !== null;

/** Names kept once they are known to be valid: the check builds a formatter, which costs 50 us. */
const NAMES_MAX = 500;

const resolved = boundedCache<string, string>(NAMES_MAX);

/** The runtime's own name of a zone, or null if it has none. */
export function resolveZone(name: string): string | null {
  const known = resolved.get(name);
  if (known !== undefined) return known;
  try {
    const own = new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone;
    resolved.set(name, own);
    return own;
  } catch {
    return null; // The only failure is a RangeError that says "Invalid time zone specified".
  }
}
