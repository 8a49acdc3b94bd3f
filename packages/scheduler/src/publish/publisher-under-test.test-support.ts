import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Store } from "@tickline/shared/ports/store/store";
import { createTicker } from "../fire/ticker.ts";
import { setup as setupScheduler, type SetupOptions } from "../scheduler-under-test.test-support.ts";
import { createPublisher } from "./publisher.ts";

/** A publisher, and a ticker whose fires are not reported to it. */
export function setup({ jobs = 0, bus, ...options }: SetupOptions & { readonly jobs?: number; readonly bus?: (bus: Bus) => Bus } = {}) {
  const scheduler = setupScheduler(options);
  const context = bus === undefined ? scheduler.context : { ...scheduler.context, bus: bus(scheduler.context.bus) };
  const firedRuns: DueRun[] = [];
  const onFired = (runs: readonly DueRun[]): void => void firedRuns.push(...runs);
  const ticker = createTicker(context, { onFired, onPublishable: () => undefined, onEnded: () => undefined });
  let made = 0;
  /** Does not notify the publisher. Returns the runs that a caller may report to it. */
  async function fire(
    count: number,
    queueAt: (index: number) => string = () => "default",
    priorityAt: (index: number) => number = () => 5,
  ): Promise<DueRun[]> {
    for (let index = 0; index < count; index += 1)
      await scheduler.addJob({
        id: `job-${(made += 1)}`,
        nextRunAt: scheduler.clock.now(),
        definition: { queue: queueAt(index), priority: priorityAt(index) },
      });
    await ticker.readAhead();
    await ticker.tick();
    return firedRuns.splice(0);
  }
  return {
    ...scheduler,
    publisher: createPublisher(context),
    fire,
    fireAll: () => fire(jobs, (index) => (index % 2 === 0 ? "default" : "high")),
    publishedRuns: () => scheduler.published.flatMap((event) => (event.type === "JobDue" ? [event.data] : [])),
  };
}

/** A store that records its queries, and does something once, before or after it reads which queues have publishable runs. */
export function watchedStore() {
  const asked: string[] = [];
  const once: { before: (() => Promise<unknown>) | null; after: (() => Promise<unknown>) | null } = { before: null, after: null };
  const store = ({ dueRuns, ...inner }: Store): Store => ({
    ...inner,
    dueRuns: {
      ...dueRuns,
      async queues(shard) {
        asked.push("queues");
        const { before, after } = once;
        Object.assign(once, { before: null, after: null });
        await before?.();
        const queues = await dueRuns.queues(shard);
        await after?.();
        return queues;
      },
      async publishable(query) {
        asked.push("publishable");
        return dueRuns.publishable(query);
      },
      async unclaimed(shard) {
        asked.push("unclaimed");
        return dueRuns.unclaimed(shard);
      },
    },
  });
  return { asked, once, store };
}

export const untilQuiet = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
};
