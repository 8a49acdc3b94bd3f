const ONES = "one two three four five six seven eight nine ten eleven twelve".split(" ");
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...ONES.map((word, i) => [word, i + 1] as const),
  ["fifteen", 15],
  ["twenty", 20],
  ["thirty", 30],
  ["forty", 40],
  ["sixty", 60],
  ["ninety", 90],
]);

/** Words for numbers. */
export const NUMBER_WORDS: readonly string[] = [...NUMBERS.keys()];

const ANY_WORD = new RegExp(`\\b(?:${NUMBER_WORDS.join("|")})\\b`, "g");

/** A text in lower case with the usual numbers in words as digits. */
export const countedInDigits = (text: string): string => text.replace(ANY_WORD, (word) => String(NUMBERS.get(word)));
