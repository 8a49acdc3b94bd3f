import type { HeldLease } from "@tickline/shared/ports/runs/run-claims";
import type { ExecutorContext } from "../executor-context.ts";
import { oncePerTurn } from "../once-per-turn.ts";
import type { ControlHints } from "../publish/control-hints.ts";
import type { RunEvents } from "../publish/run-events.ts";
import { settleBatch } from "./settle-batch.ts";
import { createSettleQueue, type SettleBatch, type Unsettled } from "./settle-queue.ts";

/** Writes results to the store, in batches, until they are written. */
export interface Settler {
  add(result: Unsettled): void;
  /** Results that are not in the store yet. */
  readonly count: number;
  /** The leases of these results, which are renewed until then. */
  leases(): HeldLease[];
  /** Resolves when every result is in the store. */
  flushed(): Promise<void>;
  /** Gives up the results that are not written. Results that are added later are tried once. */
  stop(): void;
  /** Tries at once to write the present results, and accepts no more: their runs are rescued when their leases end. */
  seal(): void;
}

export interface SettlerOptions {
  readonly context: Pick<ExecutorContext, "claims" | "clock" | "log" | "runLog" | "config" | "metrics">;
  readonly events: RunEvents;
  readonly hints: ControlHints;
  /** Called when results have been written. */
  readonly onWritten: () => void;
}

export function createSettler({ context, events, hints, onWritten }: SettlerOptions): Settler {
  const { clock, log, config } = context;
  const queue = createSettleQueue({ clock, config, onReady: flush });
  const flushSoon = oncePerTurn(flush); // What ends in one turn of the event loop is written together.
  const inFlight = new Set<SettleBatch>();
  let count = 0;
  let stopped = false;
  let sealed = false;
  let emptied = Promise.withResolvers<void>();

  function flush(): void {
    while (inFlight.size < config.settlesInFlightMax) {
      const batch = queue.take();
      if (batch === null) return;
      inFlight.add(batch);
      void write(batch);
    }
  }
  async function write(batch: SettleBatch): Promise<void> {
    const fault = await settleBatch({ context, events, hints }, batch);
    inFlight.delete(batch);
    if (fault === null || stopped) countDone(batch.results.length);
    else if (!fault.retryable && batch.results.length > 1) queue.retryHalved(batch); // One refused result must not prevent the others.
    else queue.retryLater(batch);
    onWritten();
    flush();
  }
  function countDone(results: number): void {
    count -= results;
    if (count > 0) return;
    emptied.resolve();
    emptied = Promise.withResolvers();
  }
  return {
    add(result) {
      if (sealed) return;
      queue.add(result);
      count += 1;
      flushSoon();
    },
    get count() {
      return count;
    },
    leases: () => [...queue.waiting, ...[...inFlight].flatMap(({ results }) => results)].map(toLease),
    flushed: () => (count === 0 ? Promise.resolve() : emptied.promise),
    seal() {
      sealed = true;
      queue.endWaits();
      flush();
    },
    stop() {
      stopped = true;
      const runs = queue.waiting.map(({ claim }) => claim.run.runId);
      if (runs.length === 0) return;
      log.error({ runs }, "results were not written before the end; their runs are run again");
      queue.clear();
      countDone(runs.length);
    },
  };
}

const toLease = ({ claim }: Unsettled): HeldLease => ({ runId: claim.run.runId, token: claim.token });
