import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Publication } from "@tickline/shared/ports/due-runs";
import { publicationKey, type PublishWindows } from "./publish-windows.ts";

/** Runs just fired, on their way to the bus without a look into the store. What is not taken here waits there. */
export interface FiredRuns {
  /** False: some were not taken, and have to be looked for. Not so behind a closed window, which the next look opens. */
  add(runs: readonly DueRun[]): boolean;
  /** Somebody has claimed it already. */
  drop(publication: Publication): void;
  /** Those to publish now, by queue; `left`: some had no room, and have to be looked for. */
  take(): { readonly batches: ReadonlyMap<string, readonly DueRun[]>; readonly left: boolean };
  clear(): void;
}

export function createFiredRuns(windows: PublishWindows, runsMax: number): FiredRuns {
  const fired = new Map<string, DueRun>();
  /** Where a window is closed, older runs may wait in the store, which go first. */
  const inTurn = ({ queue }: DueRun): boolean => !windows.isClosed(queue);
  return {
    add(runs) {
      const inTurnNow = runs.filter(inTurn);
      const taken = inTurnNow.slice(0, runsMax - fired.size);
      for (const run of taken) fired.set(publicationKey(run), run);
      return taken.length === inTurnNow.length;
    },
    drop: (publication) => void fired.delete(publicationKey(publication)),
    take() {
      // A look may have met a run before its fire was answered.
      const unpublished = [...fired.values()].filter((run) => inTurn(run) && !windows.holds(run.queue, run));
      fired.clear();
      const batches = new Map<string, DueRun[]>();
      let left = false;
      for (const [queue, runs] of Map.groupBy(unpublished, (run) => run.queue)) {
        const fitting = runs.slice(0, Math.max(0, windows.room(queue)));
        left ||= fitting.length < runs.length;
        if (fitting.length > 0) batches.set(queue, fitting);
      }
      return { batches, left };
    },
    clear: () => fired.clear(),
  };
}
