import fc from "fast-check";

/**
 * Any code point, also half of a surrogate pair: what fast-check calls the unit `binary`. That one first makes a table of all 1.1 million, which takes
 * longer than the tests that use it.
 */
export const anyCodePoint = fc.integer({ min: 0, max: 0x10ffff }).map((codePoint) => String.fromCodePoint(codePoint));
