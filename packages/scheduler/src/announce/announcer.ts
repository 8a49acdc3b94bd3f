import type { EndedRun } from "@tickline/shared/domain/settlement";
import { runEnded } from "@tickline/shared/events/job-ended";
import type { JobEvent } from "@tickline/shared/events/job-event";
import { JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { createBusLoop, type BusLoop } from "@tickline/shared/runtime/bus-loop";
import { cancelDeletedRuns } from "@tickline/shared/runtime/cancel-deleted-runs";
import type { Clock } from "@tickline/shared/ports/clock";
import type { Service } from "@tickline/shared/runtime/service";
import type { ShardContext } from "../shard-context.ts";
import { createUnsaid } from "./unsaid-events.ts";

export interface Announcer extends Service {
  /** Announces runs the scheduler itself has ended. What fails is left to `sweep`. */
  announce(runs: readonly EndedRun[]): Promise<void>;
  /** Says what a crash left unsaid, and completes fires that a crash interrupted. Returns true if there may be more. */
  sweep(): Promise<boolean>;
}

/**
 * Everything the store remembers and the bus has not acknowledged is said here, at least once. Repairs, events of jobs and ends of
 * runs have a loop each: a topic that does not answer holds up neither the other nor the repairs.
 */
export function createAnnouncer(context: ShardContext): Announcer {
  const { announcements, outbox, dueJobs, bus, shard, config, clock, log, now, time } = context;

  /** At once: what the last leader left is not under way any more. */
  const repairAll = onceInAWhile(clock, config.repairAllMs);
  const announceAll = onceInAWhile(clock, config.repairAllMs);
  async function repair(): Promise<number> {
    const all = repairAll.isDue();
    const firedBefore = all ? Number.MAX_SAFE_INTEGER : now() - config.repairAfterMs;
    const mended = await dueJobs.repair({ shard, firedBefore, limit: config.sweepMax });
    if (all && mended < config.sweepMax) repairAll.done();
    return mended;
  }
  const sendUnsent = createUnsaid<JobEvent>(context, {
    idOf: ({ id }) => id,
    read: (limit) => outbox.unsent({ shard, limit }),
    async say(events) {
      await completeDeletions(context, events, announceOrLeave);
      await outboxLoop.answer(bus.publish(JOBS_TOPIC, events));
      await outbox.sent(events.map(({ id }) => id));
    },
  });
  // The youngest are still being announced by those who ended them; what a clock that was ahead has ended only seems young.
  const announcesAll = (): boolean => time.setBack() !== null && announceAll.isDue();
  const announceSome = createUnsaid<EndedRun>(context, {
    idOf: ({ runId }) => runId,
    read: (limit) =>
      announcements.unannounced({ shard, endedBefore: announcesAll() ? Number.MAX_SAFE_INTEGER : now() - config.sweepMs, limit }),
    say: (runs) => announcementsLoop.answer(announce(runs)),
  });
  async function announceUnannounced(): Promise<number> {
    const all = announcesAll();
    const announced = await announceSome();
    if (all && announced < config.sweepMax) announceAll.done();
    return announced;
  }
  const announce = (runs: readonly EndedRun[]): Promise<void> => announceEnds(context, runs);
  const announceOrLeave = (runs: readonly EndedRun[]): Promise<void> =>
    announce(runs).catch((fault: unknown) => log.warn({ err: fault, runs: runs.length }, "ended runs were not announced; the sweep will"));
  const outboxLoop = loopOf(context, "send the outbox", sendUnsent);
  const announcementsLoop = loopOf(context, "announce ends", announceUnannounced);
  const loops = [loopOf(context, "repair fires", repair), outboxLoop, announcementsLoop];
  return {
    async start() {
      for (const part of [repairAll, announceAll]) part.reset(); // Another may have led meanwhile.
      await Promise.all(loops.map((loop) => loop.start()));
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    async sweep() {
      return (await Promise.all([repair, sendUnsent, announceUnannounced].map((part) => sweepPart(context, part)))).includes(true);
    },
    announce: announceOrLeave,
  };
}

/** What a deletion left undone goes first: its event is all that remembers it. */
async function completeDeletions(
  { control, now, config }: ShardContext,
  events: readonly JobEvent[],
  onEnded: (runs: readonly EndedRun[]) => Promise<void>,
): Promise<void> {
  const parts = { control, now, runsMax: config.sweepMax, onEnded, onAsked: () => undefined };
  for (const event of events) if (event.type === "JobDeleted") await cancelDeletedRuns(parts, event);
}

type SweepPart = () => Promise<number>;

/** True if there may be more. */
const sweepPart = async ({ leads, config }: ShardContext, part: SweepPart): Promise<boolean> =>
  leads() && (await part()) >= config.sweepMax;

function loopOf(context: ShardContext, name: string, part: SweepPart): BusLoop {
  const { clock, log, config } = context;
  const runOnce = async (): Promise<number> => ((await sweepPart(context, part)) ? 0 : config.sweepMs);
  return createBusLoop({ name, clock, log, stopMs: config.publishStopMs, runOnce });
}

async function announceEnds({ bus, announcements }: ShardContext, runs: readonly EndedRun[]): Promise<void> {
  await bus.publish(
    RUNS_TOPIC,
    runs.map((run) => runEnded(run, "tickline/scheduler")),
  );
  await announcements.announced(runs.map(({ runId }) => runId));
}

/** What is due at first, and again so long after it was done; by the monotonic clock. */
function onceInAWhile(clock: Pick<Clock, "monotonicMs">, everyMs: number) {
  let dueAtMs = Number.NEGATIVE_INFINITY;
  return {
    isDue: () => clock.monotonicMs() >= dueAtMs,
    done: () => void (dueAtMs = clock.monotonicMs() + everyMs),
    reset: () => void (dueAtMs = Number.NEGATIVE_INFINITY),
  };
}
