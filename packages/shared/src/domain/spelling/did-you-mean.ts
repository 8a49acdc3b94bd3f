import { nearestTo } from "./edit-distance.ts";

/** Letters that a word has to share with another one's beginning, where it has too many slips: `retries`, `retry`. */
const PREFIX_LENGTH_MIN = 4;

/** The one of the known words of which a word is a slip of typing, or the same in another case; null: none, or several are as near. */
export function findSlip(word: string, known: readonly string[]): string | null {
  const [nearest, ...others] = nearestTo(word.toLowerCase(), new Set(known.map((name) => name.toLowerCase())));
  return nearest === undefined || others.length > 0 ? null : (known.find((name) => name.toLowerCase() === nearest) ?? null);
}

/** The known word that was probably meant, in any case; null: none is near, or several are as near. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const wanted = word.toLowerCase();
  if (nearestTo(wanted, new Set(known.map((name) => name.toLowerCase()))).length > 0) return findSlip(word, known);
  return known.find((name) => beginsLike(wanted, name.toLowerCase())) ?? onlyOneWith(wanted, known);
}

/** What other schedulers and people call a field, and where it is here: the first of these that there is. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  cron: "schedule",
  every: "schedule",
  interval: "schedule",
  at: "schedule",
  timezone: "schedule",
  tz: "timezone schedule",
  url: "params",
  uri: "url params",
  endpoint: "url params",
  method: "params",
  verb: "method params",
  headers: "params",
  body: "params",
  payload: "params body",
  data: "params body",
  args: "params",
  input: "params",
  type: "handler",
  task: "handler",
  command: "handler",
  enabled: "state",
  disabled: "state",
  paused: "state",
  active: "state",
  labels: "tags",
  title: "name",
  concurrency: "overlap",
  ttl: "expireAfterMs",
  from: "startAt",
  until: "endAt",
};

/** `: did you mean name?`, to stand behind a sentence; empty if no known field is near, or called so elsewhere. */
export function didYouMean(word: string, known: readonly string[]): string {
  const elsewhere = Object.hasOwn(OTHER_WORDS, word.toLowerCase()) ? (OTHER_WORDS[word.toLowerCase()] ?? "").split(" ") : [];
  const meant = nearestWord(word, known) ?? elsewhere.find((name) => known.includes(name)) ?? null;
  return meant === null ? "" : `: did you mean ${meant}?`;
}

function beginsLike(word: string, name: string): boolean {
  let shared = 0;
  while (shared < word.length && word[shared] === name[shared]) shared += 1;
  return shared >= PREFIX_LENGTH_MIN && shared * 3 >= 2 * Math.min(word.length, name.length);
}

/** `attempts`: `maxAttempts`. */
function onlyOneWith(word: string, known: readonly string[]): string | null {
  const having = word.length < PREFIX_LENGTH_MIN ? [] : known.filter((name) => name.toLowerCase().endsWith(word));
  return having.length === 1 ? (having[0] ?? null) : null;
}
