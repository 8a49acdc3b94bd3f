/** The inside of a character class: a dash, a star and a quote, of a keyboard or of a word processor. */
export const DASHES = "\\u2010-\\u2015\\u2212-";
export const STARS = "*\\u2217\\uFF0A";
export const QUOTES_PATTERN = "[\"'`\\u2018-\\u201F]?";

const QUOTES = "\"'`\u2018-\u201F";

const QUOTED = new RegExp(`^[${QUOTES}](.*)[${QUOTES}]$`);

/** A text with single blanks, without quotes around it, and with the dashes and stars of a keyboard: word processors write others. */
export const plainLine = (text: string): string =>
  text
    .trim()
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/[\u2217\uFF0A]/g, "*")
    .replace(/\s+/g, " ")
    .replace(QUOTED, "$1")
    .trim();
