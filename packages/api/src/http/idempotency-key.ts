import type { HeaderOf } from "./conditions.ts";
import { ok, type Step } from "./parsed.ts";
import { problem } from "./problem.ts";

/** Longest `Idempotency-Key`, in characters. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Any visible ASCII, as the client made it. */
export const IDEMPOTENCY_KEY = new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_LENGTH_MAX}}$`);
export const isIdempotencyKey = (text: string): boolean => IDEMPOTENCY_KEY.test(text);

/** Reads `Idempotency-Key`. Null: there is none. */
export function idempotencyKeyOf(header: HeaderOf): Step<string | null> {
  const key = header("idempotency-key");
  if (key === undefined) return ok(null);
  if (isIdempotencyKey(key)) return ok(key);
  return problem("bad_header", `Idempotency-Key has to be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters`);
}
