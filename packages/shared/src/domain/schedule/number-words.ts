const WORDS = "one two three four five six seven eight nine ten eleven twelve".split(" ");

const ANY_WORD = new RegExp(`\\b(?:${WORDS.join("|")})\\b`, "g");

/** A text in lower case with its numbers from one to twelve as digits. */
export const countedInDigits = (text: string): string => text.replace(ANY_WORD, (word) => String(WORDS.indexOf(word) + 1));
