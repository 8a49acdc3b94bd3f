import type { AppError } from "@tickline/shared/domain/app-error";
import type { LeaseView, Rescue } from "@tickline/shared/ports/runs/run-leases";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import { createRefusals } from "../refusals.ts";
import type { ShardContext, ShardListeners } from "../shard-context.ts";
import { createLeaseWalk } from "./lease-walk.ts";
import { planRescues } from "./rescue-plan.ts";

export interface Rescuer extends Service {
  /**
   * Reads a bounded number of leases that may have ended, and makes attempts whose lease has ended available again. Returns how many. If
   * the store refuses one for the first time, it rejects after all others are done.
   */
  rescue(): Promise<number>;
}

/** Runs named in one log line, which also says how many there were. */
const RESCUES_LOGGED_MAX = 100;

/**
 * Rescues attempts whose executors have failed. A long lease may have to be watched for hours, and must not hide one that has ended. So each
 * round continues behind the leases it has read.
 */
export function createRescuer(context: ShardContext, { onPublishable, onEnded }: ShardListeners): Rescuer {
  const { leases, shard, config, clock, log, metrics, leads, now } = context;
  const walk = createLeaseWalk(config);
  const refusals = createRefusals(context, { tolerated: 1 });

  async function rescue(): Promise<number> {
    let rescued = 0;
    let fault: AppError | null = null;
    for (let read = 0; read < config.rescueReadMax && leads(); read += config.rescueRunsMax) {
      const page = await leases.ending({ shard, now: now() + config.rescueAheadMs, after: walk.after, limit: config.rescueRunsMax });
      const plan = planRescues(page, { seen: walk.earlier, monotonicMs: clock.monotonicMs(), rescuesMax: config.rescuesMax });
      const wanted = plan.rescues.filter(({ runId }) => !refusals.holds(runId));
      const refused = await inHalves(wanted, async (some) => void (rescued += await rescueSome(some, page)));
      fault ??= noteRefused(wanted, new Map(refused.map(({ item, fault: why }) => [item.runId, why])));
      walk.passed(page, plan, refusals.has);
      if (walk.after === null) break;
    }
    if (fault !== null) throw fault;
    return rescued;
  }
  async function rescueSome(rescues: readonly Rescue[], page: readonly LeaseView[]): Promise<number> {
    const { rescued, ended } = await leases.rescue({ rescues, now: now() });
    if (rescued > 0)
      log.warn({ rescued, of: rescues.length, runs: describeRuns(rescues, page) }, "attempts whose executor is gone were taken up");
    metrics.rescued.inc(rescued);
    if (rescued > 0) onPublishable(); // Those that are due again, and what waited for the others to end.
    if (ended.length > 0) onEnded(ended);
    return rescued;
  }
  /** A rescue that is refused again keeps no other from being done. Returns the fault of one that was refused for the first time: perhaps the store took nothing at that moment. */
  function noteRefused(wanted: readonly Rescue[], faults: ReadonlyMap<string, AppError>): AppError | null {
    let first: AppError | null = null;
    for (const { runId } of wanted) {
      const err = faults.get(runId);
      if (err === undefined) {
        refusals.release(runId);
        continue;
      }
      const refusal = refusals.refuse(runId);
      if (refusal.times === 1) first ??= err;
      else log.warn({ err, runId, ...refusal }, "a lease is set aside: its run cannot be rescued, and is tried again");
    }
    return first;
  }
  const loop = createLoop({
    name: "rescue",
    clock,
    log,
    runOnce: async () => ((await rescue()) >= config.rescueRunsMax ? 0 : config.rescueMs),
  });
  return { start: loop.start, stop: loop.stop, rescue };
}

/** The handlers that were running: after a crash one of them may be its cause. `rescues` counts the rescues before this one. */
function describeRuns(rescues: readonly Rescue[], leases: readonly LeaseView[]): readonly object[] {
  const byId = new Map(leases.map((lease) => [lease.runId, lease]));
  return rescues.slice(0, RESCUES_LOGGED_MAX).map(({ runId, to }) => {
    const lease = byId.get(runId);
    return { runId, handler: lease?.handler, attempt: lease?.attempt, rescues: lease?.rescues, to };
  });
}
