import type { AttemptHolder, HeldLease, RunClaims } from "../../../ports/run-claims.ts";
import { isLastRun } from "../../../domain/stored-job.ts";
import { claimAll } from "./claim-batch.ts";
import type { StoreContext } from "../context.ts";
import { dueRunsOf } from "../runs/due-runs.ts";
import { groupBy } from "../group-by.ts";
import { wakeNext } from "./overlap-wakes.ts";
import { type RunRow, standing } from "../runs/run-row.ts";
import { settleAll } from "./settle-batch.ts";

export function createRunClaims(context: StoreContext): RunClaims {
  const { runs } = context.rows;
  return {
    async read(runIds) {
      if (runIds.length === 0) return [];
      return (await dueRunsOf(context, await runs.find({ _id: { $in: [...runIds] }, state: { $in: OPEN_STATES } }))).items;
    },
    async holders(runIds) {
      if (runIds.length === 0) return [];
      const filter = { _id: { $in: [...runIds].sort() }, state: { $in: OPEN_STATES } };
      return (await runs.find(filter, { fields: ["attempt", "state", "attempts"] })).map(holderOf);
    },
    async lastRuns(jobUids) {
      if (jobUids.length === 0) return new Map();
      const jobs = await context.rows.jobs.find({ _id: { $in: [...jobUids].sort() } }, { fields: ["lastRun"] });
      return new Map(jobs.flatMap(({ _id: uid, lastRun }) => (isLastRun(lastRun) ? [[uid, lastRun] as const] : [])));
    },
    claim: (request) => claimAll(context, request),
    async heartbeat({ leases, leaseMs, now }) {
      if (leases.length === 0) return { renewed: [], cancelRequested: [] };
      const changes = [...groupBy(leases, ({ token }) => token)].map(([token, group]) => ({
        filter: { ...running(group), token: { $eq: token } },
        update: { $set: { leaseMs, wakeAt: now + leaseMs } },
      }));
      await runs.updateEach(changes);
      // Who has the lease now had it then: a token that was lost never comes back.
      const rows = new Map((await runs.find(running(leases), { fields: ["token", "cancelRequested"] })).map((row) => [row._id, row]));
      const renewed = leases.filter(({ runId, token }) => rows.get(runId)?.token === token).map(({ runId }) => runId);
      return { renewed, cancelRequested: renewed.filter((runId) => rows.get(runId)?.cancelRequested === true) };
    },
    async settle({ settlements, now }) {
      return settlements.length === 0 ? [] : settleAll(context, settlements, now);
    },
    async defer({ deferrals }) {
      if (deferrals.length === 0) return;
      const groups = groupBy(deferrals, ({ attempt, reason, wakeAt }) => `${attempt} ${reason} ${wakeAt}`);
      const changes = [...groups.values()].flatMap((group) => {
        const [first] = group;
        if (first === undefined) return [];
        const { attempt, reason, wakeAt } = first;
        const filter = { _id: { $in: group.map(({ runId }) => runId).sort() }, state: { $eq: "due" }, attempt: { $eq: attempt } };
        const put = { standing: "deferred", reason };
        return [{ filter, update: wakeAt === null ? { $set: put, $unset: { wakeAt: "" } } : { $set: { ...put, wakeAt } } }];
      });
      await runs.updateEach(changes);
      // A run that waits for an executor is in nobody's way, so who waits behind it need not.
      const ids = { $in: deferrals.map(({ runId }) => runId) };
      await wakeNext(
        context,
        await runs.find({ _id: ids, ...standing("deferred"), wakes: { $eq: true } }, { fields: ["jobUid", "wakes"] }),
      );
    },
  };
}

const holderOf = ({ _id: runId, attempt, state, attempts }: RunRow): AttemptHolder => ({
  runId,
  attempt,
  state: state as AttemptHolder["state"], // The filter allows no others.
  executor: state === "running" && Array.isArray(attempts) ? (attempts.at(-1)?.executor ?? null) : null,
});

const OPEN_STATES = ["due", "running", "retrying"];

const running = (leases: readonly HeldLease[]) => ({ _id: { $in: leases.map(({ runId }) => runId).sort() }, state: { $eq: "running" } });
