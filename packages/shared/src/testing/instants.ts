import type { Instant } from "../domain/time/instant.ts";

/** An instant as tests write it: `at("2026-03-29T01:00:00Z")`. */
export const at = (iso: string): Instant => {
  const instant = Date.parse(iso);
  if (Number.isNaN(instant)) throw new Error(`not an instant: ${iso}`);
  return instant;
};
