import type { Instant } from "../../domain/instant.ts";
import type { StoreContext } from "./context.ts";

/**
 * The time that a caller gave, or the store's present one, if that is later. For who ends runs after more statements than a settlement takes:
 * the fold of settled runs goes back no further behind their `settledAt` (`FOLD_OVERLAP_MS`), and a run may have started meanwhile.
 */
export const laterTime = async ({ serverNow }: Pick<StoreContext, "serverNow">, given: Instant): Promise<Instant> =>
  Math.max(given, await serverNow());
