import type { HeaderOf } from "./conditions.ts";
import { ok, type Step } from "./parsed.ts";
import { problem } from "./problem.ts";

/** Longest `Idempotency-Key`, in characters. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

/** Reads `Idempotency-Key`: any visible ASCII, as the client made it. Null: there is none. */
export function idempotencyKeyOf(header: HeaderOf): Step<string | null> {
  const key = header("idempotency-key");
  if (key === undefined) return ok(null);
  if (key.length <= IDEMPOTENCY_KEY_LENGTH_MAX && /^[\x21-\x7e]+$/.test(key)) return ok(key);
  return problem("bad_header", `Idempotency-Key has to be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters`);
}
