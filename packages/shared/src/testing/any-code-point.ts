import fc from "fast-check";

const [SURROGATES_FROM, SURROGATES, CODE_POINTS] = [0xd800, 0x800, 0x110000];

/**
 * Any code point except halves of surrogate pairs, like the unit `binary` of fast-check. That unit first makes a table of all 1.1 million, which takes
 * longer than the tests that use it.
 */
export const anyCodePoint = fc
  .nat({ max: CODE_POINTS - SURROGATES - 1 })
  .map((index) => String.fromCodePoint(index < SURROGATES_FROM ? index : index + SURROGATES));
