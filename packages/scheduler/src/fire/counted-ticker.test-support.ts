import type { Job } from "@tickline/shared/domain/job/job";
import type { JobDefinition } from "@tickline/shared/domain/job/job-definition";
import { jobEvent } from "@tickline/shared/events/job-event";
import type { Store } from "@tickline/shared/ports/store/store";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { editedJob } from "@tickline/shared/testing/factories";
import { setup as setupScheduler, type SetupOptions } from "../scheduler-under-test.test-support.ts";
import { createTicker } from "./ticker.ts";

/** A ticker whose calls of the store and lines of the log are counted. */
export function setupTicker({ store = (own) => own, ...options }: SetupOptions = {}) {
  const calls = { upcoming: 0, read: 0, fire: 0 };
  const counted = (own: Store): Store => ({
    ...own,
    dueJobs: {
      ...own.dueJobs,
      upcoming(query) {
        calls.upcoming += 1;
        return own.dueJobs.upcoming(query);
      },
      read(uids) {
        calls.read += 1;
        return own.dueJobs.read(uids);
      },
      fire(request) {
        calls.fire += 1;
        return own.dueJobs.fire(request);
      },
    },
  });
  const world = setupScheduler({ ...options, store: (own) => counted(store(own)) });
  const logged: { readonly job: string; readonly reason: string; readonly waitMs: number }[] = [];
  const log = { ...world.context.log, warn: (fields: never) => void logged.push(fields) } as unknown as Logger;
  const context = { ...world.context, log };
  const ticker = createTicker(context, { onFired() {}, onPublishable() {}, onEnded() {} });
  const edit = async (job: Job, changes: Partial<JobDefinition>): Promise<Job> => {
    const next = editedJob(job, changes);
    const outcome = await world.store.jobs.change("default", { previous: job, next, event: jobEvent("JobUpdated", next) });
    if (outcome.kind !== "changed") throw new Error("the edit was stale");
    return outcome.job;
  };
  return {
    ...world,
    calls,
    logged,
    ticker,
    edit,
    another: (parts: Partial<typeof context>) => createTicker({ ...context, ...parts }, { onFired() {}, onPublishable() {}, onEnded() {} }),
    /** As the loops do, a round each so often. */
    async pass(ms: number, stepMs = 250): Promise<void> {
      for (const until = world.clock.now() + ms; world.clock.now() < until; world.clock.advance(stepMs)) {
        await ticker.readAhead();
        await ticker.tick();
      }
    },
    async aside(): Promise<number> {
      const text = await world.registry.getSingleMetricAsString("tickline_jobs_set_aside");
      return Number(/} (\d+)/.exec(text)?.[1] ?? 0);
    },
  };
}

export const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};
