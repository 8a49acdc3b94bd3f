import { nextBackoffMs } from "../../domain/time/backoff.ts";
import { Counter, type Registry } from "prom-client";
import type { Clock } from "../../ports/clock.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import type { Logger } from "./logger.ts";

/** A row that is read repeatedly is logged the first time, again after this time, and then at doubling intervals. Milliseconds. */
const LOG_AGAIN_MS = 60_000;
const LOG_AGAIN_MS_MAX = 3_600_000;
/** Most rows that are tracked; beyond it the oldest are logged as new ones. */
const ROWS_MAX = 1_000;

export interface UnreadableLogOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Pick<Logger, "warn">;
  readonly metrics: Registry;
}

/** Logs which stored rows cannot be read, and counts how often they are read. */
export function createUnreadableLog({ clock, log, metrics }: UnreadableLogOptions): OnUnreadable {
  const known = new Map<string, { readonly logAtMs: number; readonly waitMs: number }>();
  const met = new Counter({
    name: "tickline_unreadable_rows_total",
    help: "Times a stored row was met that cannot be read, by kind: it is passed by, and the others go on.",
    labelNames: ["kind"],
    registers: [metrics],
  });
  return ({ kind, id, reason }) => {
    met.inc({ kind });
    const key = `${kind} ${id}`;
    const entry = known.get(key);
    const nowMs = clock.monotonicMs();
    if (entry !== undefined && nowMs < entry.logAtMs) return;
    const waitMs = nextBackoffMs(entry?.waitMs ?? null, LOG_AGAIN_MS, LOG_AGAIN_MS_MAX);
    known.delete(key);
    if (known.size >= ROWS_MAX) for (const oldest of known.keys()) if (known.delete(oldest)) break;
    known.set(key, { logAtMs: nowMs + waitMs, waitMs });
    log.warn({ kind, id, reason }, "a stored row cannot be read, and is passed by");
  };
}
