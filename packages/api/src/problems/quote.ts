/** Longest text of a client that a message repeats, in characters. */
const QUOTED_MAX = 64;

/** Quotes a text of a client in a message. The result is bounded and has no control characters. */
export const quote = (text: string): string => JSON.stringify(text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text);
