import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import { runEnded } from "@tickline/shared/events/job-ended";
import type { JobEvent } from "@tickline/shared/events/job-event";
import { JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Clock } from "@tickline/shared/ports/clock";
import { createBusLoop, type BusLoop } from "@tickline/shared/runtime/service/bus-loop";
import { cancelDeletedRuns } from "@tickline/shared/runtime/cancel-deleted-runs";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import type { Service } from "@tickline/shared/runtime/service/service";
import { createRefusals } from "../refusals.ts";
import type { ShardContext } from "../shard-context.ts";

export interface Announcer extends Service {
  /** Publishes the ends of runs that the scheduler itself has ended. If that fails, `sweep` publishes them. */
  announce(runs: readonly EndedRun[]): Promise<void>;
  /** Publishes the events that a crash left unpublished, and completes fires that a crash interrupted. Returns true if there may be more. */
  sweep(): Promise<boolean>;
}

/**
 * Publishes, at least once, all events that the store holds and the bus has not acknowledged. Repairs, events of jobs and ends of
 * runs have a loop each, so that a topic that does not answer delays neither the other topic nor the repairs.
 */
export function createAnnouncer(context: ShardContext): Announcer {
  const { announcements, outbox, dueJobs, bus, shard, config, clock, log, now, time } = context;

  /** Due at the start: what the last leader left is not in progress any more. */
  const repairAll = createInterval(clock, config.repairAllMs);
  const announceAll = createInterval(clock, config.repairAllMs);
  async function repair(): Promise<number> {
    const all = repairAll.isDue();
    const firedBefore = all ? Number.MAX_SAFE_INTEGER : now() - config.repairAfterMs;
    const repaired = await dueJobs.repair({ shard, firedBefore, limit: config.sweepMax });
    if (all && repaired < config.sweepMax) repairAll.done();
    return repaired;
  }
  const sendOutbox = createResend<JobEvent>(context, {
    readId: ({ id }) => id,
    read: (limit) => outbox.unsent({ shard, limit }),
    async publish(events) {
      await completeDeletions(context, events, announceOrLeave);
      await outboxLoop.answer(bus.publish(JOBS_TOPIC, events));
      await outbox.sent(events.map(({ id }) => id));
    },
  });
  // The youngest ends are still being announced by the process that ended them. After a set-back, ends by a clock that was ahead only seem young.
  const announcesAll = (): boolean => time.setBack() !== null && announceAll.isDue();
  const announceSome = createResend<EndedRun>(context, {
    readId: ({ runId }) => runId,
    read: (limit) =>
      announcements.unannounced({ shard, endedBefore: announcesAll() ? Number.MAX_SAFE_INTEGER : now() - config.sweepMs, limit }),
    publish: (runs) => announcementsLoop.answer(announceEnds(context, runs)),
  });
  async function announceUnannounced(): Promise<number> {
    const all = announcesAll();
    const announced = await announceSome();
    if (all && announced < config.sweepMax) announceAll.done();
    return announced;
  }
  const announceOrLeave = (runs: readonly EndedRun[]): Promise<void> =>
    announceEnds(context, runs).catch((fault: unknown) =>
      log.warn({ err: fault, runs: runs.length }, "ended runs were not announced; the sweep will"),
    );
  const outboxLoop = createSweepLoop(context, "send the outbox", sendOutbox);
  const announcementsLoop = createSweepLoop(context, "announce ends", announceUnannounced);
  const loops = [createSweepLoop(context, "repair fires", repair), outboxLoop, announcementsLoop];
  return {
    async start() {
      for (const interval of [repairAll, announceAll]) interval.reset(); // Another scheduler may have led meanwhile.
      await Promise.all(loops.map((loop) => loop.start()));
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    async sweep() {
      return (await Promise.all([repair, sendOutbox, announceUnannounced].map((step) => sweepOnce(context, step)))).includes(true);
    },
    announce: announceOrLeave,
  };
}

/** Completes what a deletion left undone before its event is sent: the event in the outbox is the only record of it. */
async function completeDeletions(
  { control, now, config }: ShardContext,
  events: readonly JobEvent[],
  onEnded: (runs: readonly EndedRun[]) => Promise<void>,
): Promise<void> {
  const parts = { control, now, runsMax: config.sweepMax, onEnded, onAsked: () => undefined };
  for (const event of events) if (event.type === "JobDeleted") await cancelDeletedRuns(parts, event);
}

/** Returns how many items it handled. */
type SweepStep = () => Promise<number>;

/** True if there may be more. */
const sweepOnce = async ({ leads, config }: ShardContext, step: SweepStep): Promise<boolean> =>
  leads() && (await step()) >= config.sweepMax;

function createSweepLoop(context: ShardContext, name: string, step: SweepStep): BusLoop {
  const { clock, log, config } = context;
  const runOnce = async (): Promise<number> => ((await sweepOnce(context, step)) ? 0 : config.sweepMs);
  return createBusLoop({ name, clock, log, stopMs: config.publishStopMs, runOnce });
}

async function announceEnds({ bus, announcements }: ShardContext, runs: readonly EndedRun[]): Promise<void> {
  await bus.publish(
    RUNS_TOPIC,
    runs.map((run) => runEnded(run, "tickline/scheduler")),
  );
  await announcements.announced(runs.map(({ runId }) => runId));
}

interface ResendParts<Item> {
  readonly readId: (item: Item) => string;
  /** The oldest items, at most `limit`, that the bus has not acknowledged. */
  readonly read: (limit: number) => Promise<readonly Item[]>;
  /** Publishes them and notes that in the store. */
  readonly publish: (items: readonly Item[]) => Promise<void>;
}

/**
 * Publishes a bounded batch of unpublished items. An event that cannot be published, because its stored parts do not match its schema,
 * does not prevent the others: it is left out, and retried at intervals that double.
 */
function createResend<Item>(context: ShardContext, { readId, read, publish }: ResendParts<Item>): SweepStep {
  const { config, log } = context;
  const refusals = createRefusals(context);

  return async () => {
    const known = await read(config.sweepMax + refusals.size);
    const items = known.filter((item) => !refusals.holds(readId(item))).slice(0, config.sweepMax);
    const faults = new Map((await inHalves(items, publish)).map(({ item, fault }) => [readId(item), fault]));
    for (const id of items.map(readId)) {
      const fault = faults.get(id);
      if (fault === undefined) refusals.release(id);
      else log.warn({ err: fault, event: id, ...refusals.refuse(id) }, "an event is set aside: it cannot be published, and is tried again");
    }
    return items.length - faults.size;
  };
}

/** Due at first, and again this long after it was done; by the monotonic clock. */
function createInterval(clock: Pick<Clock, "monotonicMs">, everyMs: number) {
  let dueAtMs = Number.NEGATIVE_INFINITY;
  return {
    isDue: () => clock.monotonicMs() >= dueAtMs,
    done: () => void (dueAtMs = clock.monotonicMs() + everyMs),
    reset: () => void (dueAtMs = Number.NEGATIVE_INFINITY),
  };
}
