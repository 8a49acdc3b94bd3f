import { nearestTo } from "../edit-distance.ts";
import { type CronField, nameOf } from "./cron-field.ts";
import { type ScheduleFault, fault } from "./fault.ts";

/** `H`, `H/15`, `H(0-29)/10`, and `R` in its place. */
const HASHED = /^[HR](?:\((\d+)-(\d+)\))?(?:\/(\d+))?$/i;

/** `~`, `0~59`. */
const RANDOM = /^(\d*)~(\d*)$/;

/** Values that Jenkins (`H`) and OpenBSD (`~`) pick for each line, and nobody picks here: null for other items. */
export function pickedByOthers(field: CronField, item: string): ScheduleFault | null {
  const random = RANDOM.exec(item);
  if (random !== null) {
    const from = random[1] === "" ? String(field.min) : String(random[1]);
    return fault("bad_cron", `"${item}" is a random value, which nobody picks here: name one`, [from]);
  }
  const [hashed, from, to, step] = HASHED.exec(item) ?? [];
  if (hashed === undefined) return null;
  const range = from === undefined ? "*" : `${from}-${to}`;
  const instead = step === undefined ? (from ?? String(field.min)) : `${range}/${step}`;
  return fault("bad_cron", `"${item}" is a value that Jenkins picks for each job, and nobody picks here: name one`, [instead]);
}

/** The bounds of a range in which one is no name of the field, with the name that was meant; none if that is not certain. */
export function insteadOfName(field: CronField, word: string, bounds: readonly (string | undefined)[]): string[] {
  if (!/^[A-Z]{2,}$/i.test(word)) return [];
  const wanted = word.toUpperCase();
  const begun = field.names.filter((name) => name.startsWith(wanted));
  const [meant, ...others] = begun.length > 0 ? begun : nearestTo(wanted, field.names);
  if (meant === undefined || others.length > 0) return [];
  const name = nameOf(field, field.names.indexOf(meant) + field.min);
  return [
    bounds
      .filter((bound) => bound !== undefined)
      .map((bound) => (bound === word ? name : bound))
      .join("-"),
  ];
}
