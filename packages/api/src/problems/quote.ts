/** Longest text of a client that an answer repeats, in characters. */
const QUOTED_MAX = 64;

/** What a client wrote, as a sentence quotes it: bounded, and with nothing in it that a terminal would obey. */
export const quote = (text: string): string => JSON.stringify(text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text);
