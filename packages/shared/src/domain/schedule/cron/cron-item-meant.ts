import { nearestTo } from "../../spelling/edit-distance.ts";
import { type CronField, shortName } from "./cron-field.ts";
import { type ScheduleFault, fault } from "../fault.ts";

/** `H`, `H/15`, `H(0-29)/10`, and the same with `R`. */
const HASHED = /^[HR](?:\((\d+)-(\d+)\))?(?:\/(\d+))?$/i;

/** `~`, `0~59`. */
const RANDOM = /^(\d*)~(\d*)$/;

/** The fault of values that Jenkins (`H`) and OpenBSD (`~`) pick for each line, which is not supported here: null for other items. */
export function pickedByOthers(field: CronField, item: string): ScheduleFault | null {
  const random = RANDOM.exec(item);
  if (random !== null) {
    const from = random[1] === "" ? String(field.min) : String(random[1]);
    return fault("bad_cron", `"${item}" is a random value, which Tickline does not pick: name one`, [from]);
  }
  const [hashed, from, to, step] = HASHED.exec(item) ?? [];
  if (hashed === undefined) return null;
  const range = from === undefined ? "*" : `${from}-${to}`;
  const instead = step === undefined ? (from ?? String(field.min)) : `${range}/${step}`;
  return fault("bad_cron", `"${item}" is a value that Jenkins picks for each job, and Tickline does not: name one`, [instead]);
}

/** Words and forms of other schedulers or fields, with the item that they mean. */
export function insteadOfItem(field: CronField, item: string): string[] {
  const word = item.toLowerCase();
  if (item.includes("..")) return [item.replaceAll("..", "-")];
  if (field.special === "day of week" && /^(?:week|work)days?$/.test(word)) return ["MON-FRI"];
  if (field.special === "day of week" && /^weekends?$/.test(word)) return ["SAT,SUN"];
  if (field.special === "day of month" && word === "last") return ["L"];
  if (field.special === "day of month" && /^\d+(?:st|nd|rd|th)$/.test(word)) return [String(Number.parseInt(word, 10))];
  const [, hour, half] = /^(\d\d?)([ap])m$/.exec(word) ?? [];
  return field.name === "hour" && hour !== undefined ? [String((Number(hour) % 12) + (half === "p" ? 12 : 0))] : [];
}

/** `0-24` in the hours, `0-60` in the minutes: the whole field. */
export const insteadOfRange = ({ min, max }: CronField, [from, to]: readonly (string | undefined)[], step?: string): string[] =>
  min === 0 && Number(from) === 0 && Number(to) === max + 1 ? [`0-${max}${step === undefined ? "" : `/${step}`}`] : [];

/** The corrected bounds of a range of which one is not a name of the field; none if the intended name is not certain. */
export function insteadOfName(field: CronField, word: string, bounds: readonly (string | undefined)[]): string[] {
  const instead = bounds[1] === undefined ? insteadOfItem(field, word) : [];
  if (instead.length > 0) return instead;
  if (!/^[A-Z]{2,}$/i.test(word)) return [];
  const wanted = word.toUpperCase();
  const begun = field.names.filter((name) => name.startsWith(wanted));
  const [meant, ...others] = begun.length > 0 ? begun : nearestTo(wanted, field.names);
  if (meant === undefined || others.length > 0) return [];
  const name = shortName(field, field.names.indexOf(meant) + field.min);
  return [
    bounds
      .filter((bound) => bound !== undefined)
      .map((bound) => (bound === word ? name : bound))
      .join("-"),
  ];
}
