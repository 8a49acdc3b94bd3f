import type { Instant } from "../../domain/instant.ts";
import type { StoreContext } from "./context.ts";

const SECOND_MS = 1_000;

/**
 * The time `now` that a call was given, going on while it sends one statement after another, by whole seconds. The fold looks back as far as
 * `SETTLE_STATEMENTS_MAX` statements may take, and some calls send more before the one that ends runs: that one says when it is sent.
 */
export function settledAtFrom({ monotonicMs }: Pick<StoreContext, "monotonicMs">, now: Instant): () => Instant {
  const startedMs = monotonicMs();
  return () => now + Math.floor((monotonicMs() - startedMs) / SECOND_MS) * SECOND_MS;
}
