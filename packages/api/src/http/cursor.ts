/** Characters of the hash that a cursor begins with. */
export const SEAL_LENGTH = 16;

/** Longest cursor read, in characters; ours are far shorter. */
const CURSOR_LENGTH_MAX = 1_024;
/** The seal in base64url, and at least one character behind it. */
const CURSOR_LENGTH_MIN = Math.ceil(((SEAL_LENGTH + 1) * 4) / 3);

/** The form of all cursors. */
export const CURSOR = new RegExp(`^[A-Za-z0-9_-]{${CURSOR_LENGTH_MIN},${CURSOR_LENGTH_MAX}}$`);
