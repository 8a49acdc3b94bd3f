import type { EndedRun } from "@tickline/shared/domain/settlement";
import { runEnded } from "@tickline/shared/events/job-ended";
import { JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { RangeContext } from "./scheduler-deps.ts";

export interface Announcer extends Service {
  /** Announces runs the scheduler itself has ended. What fails is left to `sweep`. */
  announce(runs: readonly EndedRun[]): Promise<void>;
  /** Says what a crash left unsaid, and completes fires that a crash interrupted. Returns true if there may be more. */
  sweep(): Promise<boolean>;
}

/** Everything the store remembers and the bus has not acknowledged is said here, at least once. */
export function createAnnouncer(context: RangeContext): Announcer {
  const { announcements, outbox, dueJobs, bus, slots, config, clock, log, leads, now } = context;

  async function announce(runs: readonly EndedRun[]): Promise<void> {
    await bus.publish(
      RUNS_TOPIC,
      runs.map((run) => runEnded(run, "tickline/scheduler")),
    );
    await announcements.announced(runs.map(({ runId }) => runId));
  }
  /** By the monotonic clock. What the last leader left is not under way any more. */
  let repairAllAtMs = Number.NEGATIVE_INFINITY;
  async function repair(): Promise<number> {
    const all = clock.monotonicMs() >= repairAllAtMs;
    const firedBefore = all ? Number.MAX_SAFE_INTEGER : now() - config.repairAfterMs;
    const mended = await dueJobs.repair({ slots, firedBefore, limit: config.sweepMax });
    if (all && mended < config.sweepMax) repairAllAtMs = clock.monotonicMs() + config.repairAllMs;
    return mended;
  }
  async function sweep(): Promise<boolean> {
    if (!leads()) return false;
    const mended = await repair();
    const events = await outbox.unsent({ slots, limit: config.sweepMax });
    if (events.length > 0) {
      await bus.publish(JOBS_TOPIC, events);
      await outbox.sent(events.map(({ id }) => id));
    }
    // The youngest are still being announced by those who ended them.
    const runs = await announcements.unannounced({ slots, endedBefore: now() - config.sweepMs, limit: config.sweepMax });
    if (runs.length > 0) await announce(runs);
    return Math.max(mended, events.length, runs.length) >= config.sweepMax;
  }
  const loop = createLoop({ name: "announce", clock, log, runOnce: async () => ((await sweep()) ? 0 : config.sweepMs) });
  return {
    start() {
      repairAllAtMs = Number.NEGATIVE_INFINITY; // Another may have led meanwhile.
      return loop.start();
    },
    stop: loop.stop,
    sweep,
    announce: (runs) =>
      announce(runs).catch((fault: unknown) =>
        log.warn({ err: fault, runs: runs.length }, "ended runs were not announced; the sweep will"),
      ),
  };
}
