import type { Digest } from "../../domain/digest.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import type { HeldClaims } from "../../runtime/held-claims.ts";
import type { Collections } from "./collections/collections.ts";
import type { Definitions } from "./jobs/definitions.ts";

/** The context that all ports of one store share. */
export interface StoreContext {
  readonly rows: Collections;
  readonly definitions: Definitions;
  readonly held: HeldClaims;
  readonly digest: Digest;
  readonly newToken: () => string;
  readonly onUnreadable: OnUnreadable;
  /** The server's own time. */
  readonly serverNow: () => Promise<Instant>;
  /** Runs work in the background; only `close` waits for it. Sweeps complete work that fails. */
  readonly aside: (work: Promise<unknown>) => void;
  /** For tests: true, and a fire rejects between the advance of its jobs and the making of their runs. */
  readonly crashBeforeRuns: () => boolean;
}

/**
 * The time that a caller gave, or the store's present one, if that is later. For calls that end runs after more statements than a settlement takes:
 * the fold of settled runs goes back no further behind their `settledAt` (`FOLD_OVERLAP_MS`), and a run may have started meanwhile.
 */
export const readLaterTime = async ({ serverNow }: Pick<StoreContext, "serverNow">, given: Instant): Promise<Instant> =>
  Math.max(given, await serverNow());
