import { AppError } from "@tickline/shared/domain/app-error";
import type { HandOver } from "./hand-over.ts";
import type { PublishNotes } from "./publish-notes.ts";
import type { PublishWindows } from "./publish-windows.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** What the store has to publish: retries, what was woken, what a crash or a full window left. */
export interface PublishBacklog {
  /** Counts what is unclaimed, and publishes what is publishable and fits. Returns how many runs. */
  look(): Promise<number>;
  /** False until the first count: nobody knows what else waits, and how much is unclaimed. */
  counted(): boolean;
  /** Another may lead meanwhile: what is known here is worth nothing when leadership comes back. */
  forget(): void;
}

interface BacklogDeps {
  readonly windows: PublishWindows;
  readonly notes: PublishNotes;
  readonly handOver: HandOver;
}

export function createPublishBacklog(context: RangeContext, { windows, notes, handOver }: BacklogDeps): PublishBacklog {
  const { dueRuns, slots, config, leads } = context;
  let counted = false;

  async function count(): Promise<Readonly<Record<string, number>>> {
    if (counted && !windows.inUse()) return {};
    return dueRuns.unclaimed(slots);
  }
  /** What was handed over and is not noted would be read once more. */
  async function noteAll(): Promise<void> {
    if (!(await notes.flushed()))
      throw new AppError("store_unavailable", "published runs could not be noted: none are looked for meanwhile", {
        retryable: true,
      });
  }
  /** Fills one window. Claims make no room before the next count: the one before it may have known of them already. */
  async function publishQueue(queue: string, unclaimed: number): Promise<number> {
    for (let published = 0; ;) {
      const room = Math.min(config.windowRunsMax - unclaimed - published, config.publishRunsMax);
      if (room <= 0) windows.full(queue);
      if (room <= 0 || !leads()) return published;
      if (published > 0) await noteAll();
      const runs = await dueRuns.publishable({ slots, queue, limit: room });
      if (!leads()) return published;
      const taken = runs.length === 0 ? 0 : await handOver(queue, runs);
      published += taken;
      if (taken < room) return published;
    }
  }
  return {
    async look() {
      await noteAll();
      windows.looking();
      const [queues, unclaimed] = await Promise.all([dueRuns.queues(slots), count()]);
      windows.counted(unclaimed);
      counted = true;
      const published = await Promise.all(queues.map((queue) => publishQueue(queue, unclaimed[queue] ?? 0)));
      return published.reduce((sum, runs) => sum + runs, 0);
    },
    counted: () => counted,
    forget() {
      counted = false;
    },
  };
}
