import type { Digest } from "../../domain/digest.ts";
import type { Instant } from "../../domain/instant.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import type { Collections } from "./collections/collections.ts";
import type { Definitions } from "./jobs/definitions.ts";
import type { HeldClaims } from "./claims/held-claims.ts";

/** What all ports of one store share. */
export interface StoreContext {
  readonly rows: Collections;
  readonly definitions: Definitions;
  readonly held: HeldClaims;
  readonly digest: Digest;
  readonly newToken: () => string;
  readonly onUnreadable: OnUnreadable;
  /** The server's own time. */
  readonly serverNow: () => Promise<Instant>;
  /** Work that nobody waits for; `close` does. What fails there is left to sweeps. */
  readonly aside: (work: Promise<unknown>) => void;
  /** For tests: true, and a fire rejects between the advance of its jobs and the making of their runs. */
  readonly crashBeforeRuns: () => boolean;
}
