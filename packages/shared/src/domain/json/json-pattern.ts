/**
 * Patterns as JSON Schema has them, for texts whose parser says better than a pattern what is wrong with them: what they say stands in the
 * OpenAPI document alone. Tests hold each to its parser. They have no flags, digits are `[0-9]` and blanks `[ \t]`, because not every reader's `\d`
 * and `\s` are JavaScript's: a parser reads line breaks and rarer blanks where these have blanks.
 */

/** Blanks, if any. */
export const BLANKS = String.raw`[ \t]*`;

/** A text that may have blanks around it. */
export const patternWithin = (inner: string): string => `^${BLANKS}(?:${inner})${BLANKS}$`;

/** A text that is not all blank. */
export const NOT_BLANK_PATTERN = String.raw`\S`;

/** One of these words in any case. */
export const anyCase = (words: readonly string[]): string =>
  `(?:${words.map((word) => word.replace(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)).join("|")})`;
