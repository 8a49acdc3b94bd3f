import type { Instant } from "../../../domain/instant.ts";
import { DEFINITION_GRACE_MS } from "../../../ports/retention.ts";
import type { DefinitionRow, Finding } from "../jobs/definition-row.ts";

/** Who a sweep saw using a definition: its job, a run of which one is enough, or nobody. */
export type Use = { readonly by: "job" | "nobody" } | { readonly by: "run"; readonly firedAt: Instant };

/** `leave`: no sweep need look again. */
export type Verdict =
  | { readonly kind: "forget" }
  | { readonly kind: "leave" }
  | { readonly kind: "look again"; readonly lookAt: Instant; readonly found: Finding | null };

/** Sweeps look again at a definition whose runs are kept after this part of their age: runs that are kept for weeks are not asked for every hour. */
const AGE_PARTS = 4;

/**
 * A sweep that finds a definition unused, or its job's own, goes by it only when another found the same a whole grace
 * before and nobody has named it since. Between naming a definition and using or leaving it are two calls, and a sweep
 * that looks between them sees what is about to change.
 */
export function verdictOn({ found }: Pick<DefinitionRow, "found">, use: Use, now: Instant): Verdict {
  if (use.by === "run") {
    const waitMs = Math.max(DEFINITION_GRACE_MS, Math.ceil((now - use.firedAt) / AGE_PARTS));
    return { kind: "look again", lookAt: now + waitMs, found: null };
  }
  const since = found?.use === use.by ? found.since : now;
  if (now - since < DEFINITION_GRACE_MS) return { kind: "look again", lookAt: since + DEFINITION_GRACE_MS, found: { use: use.by, since } };
  return { kind: use.by === "job" ? "leave" : "forget" };
}
