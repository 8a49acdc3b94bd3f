/**
 * Patterns as JSON Schema has them, for texts whose parser says better than a pattern what is wrong with them: what they say stands in the
 * OpenAPI document alone. Tests hold each to its parser. They have no flags, and digits are `[0-9]`, because not every reader's `\d` is.
 */

/** A text that may have blanks around it. */
export const patternWithin = (inner: string): string => String.raw`^\s*(?:${inner})\s*$`;

/** A text that is not all blank. */
export const NOT_BLANK_PATTERN = String.raw`\S`;

/** One of these words in any case. */
export const anyCase = (words: readonly string[]): string =>
  `(?:${words.map((word) => word.replace(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)).join("|")})`;
