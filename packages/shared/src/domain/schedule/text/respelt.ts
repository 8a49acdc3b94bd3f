import { nearestTo } from "../../spelling/edit-distance.ts";
import { WEEKDAYS } from "../calendar/calendar.ts";
import { splitZones } from "../zone/zone-in-text.ts";

const UNITS = ["second", "minute", "hour", "day", "week", "month", "year"];

/** The words of short strings. */
const WORDS: ReadonlySet<string> = new Set([
  ..."hourly daily weekly monthly yearly annually weekday weekdays weekend weekends every each the last and noon midnight".split(" "),
  ...[...UNITS, ...WEEKDAYS].flatMap((word) => [word, `${word}s`]),
]);

/** Whole words of three letters or more: not the units of `15m`, nor the parts of a cron line. */
const WORD = /(?<![\w/:@])[a-z]{3,}(?![\w/:])/gi;

/** Most spellings of a text that are tried: enough for one or two words with several neighbours. */
const SPELLINGS_MAX = 8;

/** The spellings of a short string in which each word that is unknown is replaced by one of the nearest words; none if a word has none. */
export function respelt(line: string): string[] {
  const { rest } = splitZones(line);
  const [start, words] = [line.lastIndexOf(rest), [...rest.matchAll(WORD)]];
  let [spellings, end] = [[line.slice(0, start)], start];
  for (const { 0: word, index } of words) {
    const near = isKnown(word.toLowerCase()) ? [word] : nearestTo(word.toLowerCase(), WORDS);
    const before = line.slice(end, start + index);
    spellings = spellings.flatMap((spelling) => near.map((known) => `${spelling}${before}${known}`));
    if (spellings.length === 0 || spellings.length > SPELLINGS_MAX) return [];
    end = start + index + word.length;
  }
  return spellings.map((spelling) => `${spelling}${line.slice(end)}`).filter((spelling) => spelling !== line);
}

/** A word, the beginning of a weekday, or a word that means something else than what it looks like: `biweekly` is not `weekly`. */
const isKnown = (word: string): boolean =>
  WORDS.has(word) || WEEKDAYS.some((weekday) => weekday.startsWith(word)) || /^bi|^midday$/.test(word);
