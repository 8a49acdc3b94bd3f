import { backoffMs } from "@tickline/shared/domain/time/backoff";
import type { ShardContext } from "./shard-context.ts";

export interface Refusal {
  /** Times in a row. */
  readonly times: number;
  readonly waitMs: number;
}

/**
 * Items that a server refused although it took others. Each is left out, and tried again after waits that double, so that it keeps no
 * other from being done. Known in memory alone.
 */
export interface Refusals {
  readonly size: number;
  has(id: string): boolean;
  /** True while it waits for its next try. */
  holds(id: string): boolean;
  refuse(id: string): Refusal;
  /** It was taken. */
  release(id: string): void;
  /** Forgets all others. */
  keepOnly(ids: ReadonlySet<string>): void;
}

export interface RefusalLimits {
  readonly waitMs: number;
  readonly waitMsMax: number;
  /** Refusals remembered; with more, the oldest are tried again at once. */
  readonly idsMax: number;
  /** So many refusals in a row have no wait: perhaps the server took nothing at that moment. */
  readonly tolerated: number;
}

const REFUSALS_MAX = 5_000;

export function createRefusals(
  { config, clock }: Pick<ShardContext, "config" | "clock">,
  { waitMs = config.setAsideMs, waitMsMax = config.setAsideMsMax, idsMax = REFUSALS_MAX, tolerated = 0 }: Partial<RefusalLimits> = {},
): Refusals {
  const refused = new Map<string, { readonly times: number; readonly tryAtMs: number }>();
  return {
    get size() {
      return refused.size;
    },
    has: (id) => refused.has(id),
    holds: (id) => (refused.get(id)?.tryAtMs ?? 0) > clock.monotonicMs(),
    refuse(id) {
      const times = (refused.get(id)?.times ?? 0) + 1;
      const refusal = { times, waitMs: backoffMs(times - tolerated, waitMs, waitMsMax) };
      refused.delete(id);
      if (refused.size >= idsMax) for (const oldest of refused.keys()) if (refused.delete(oldest)) break;
      refused.set(id, { times, tryAtMs: clock.monotonicMs() + refusal.waitMs });
      return refusal;
    },
    release: (id) => void refused.delete(id),
    keepOnly(ids) {
      for (const id of refused.keys()) if (!ids.has(id)) refused.delete(id);
    },
  };
}
