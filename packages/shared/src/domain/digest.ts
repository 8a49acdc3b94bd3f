/**
 * SHA-256 of UTF-8 text as lower-case hex. The domain knows no `node:crypto`: `adapters/system/digest.ts` gives it one.
 */
export type Digest = (text: string) => string;
