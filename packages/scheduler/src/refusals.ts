import { backoffMs } from "@tickline/shared/domain/backoff";
import type { RangeContext } from "./scheduler-deps.ts";

export interface Refusal {
  /** Times in a row. */
  readonly times: number;
  readonly waitMs: number;
}

/** What a server refused, though it took others: passed by, and tried again after waits that double. Known in memory alone. */
export interface Refusals {
  /** True while it waits for its next try. */
  holds(id: string): boolean;
  has(id: string): boolean;
  refuse(id: string): Refusal;
  /** It was taken. */
  release(id: string): void;
  readonly size: number;
}

/** Refusals kept in mind at most; beyond it the oldest are tried again at once. */
const REFUSALS_MAX = 5_000;

/** `tolerated`: so many refusals in a row have no wait, for perhaps the server took nothing just then. */
export function createRefusals({ config, clock }: Pick<RangeContext, "config" | "clock">, { tolerated = 0 } = {}): Refusals {
  const refused = new Map<string, { readonly times: number; readonly tryAtMs: number }>();
  return {
    holds: (id) => (refused.get(id)?.tryAtMs ?? 0) > clock.monotonicMs(),
    has: (id) => refused.has(id),
    refuse(id) {
      const times = (refused.get(id)?.times ?? 0) + 1;
      const waitMs = backoffMs(times - tolerated, config.setAsideMs, config.setAsideMsMax);
      refused.delete(id);
      if (refused.size >= REFUSALS_MAX) for (const oldest of refused.keys()) if (refused.delete(oldest)) break;
      refused.set(id, { times, tryAtMs: clock.monotonicMs() + waitMs });
      return { times, waitMs };
    },
    release: (id) => void refused.delete(id),
    get size() {
      return refused.size;
    },
  };
}
