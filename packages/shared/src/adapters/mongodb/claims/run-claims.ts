import type { AttemptHolder, HeldLease, RunClaims } from "../../../ports/runs/run-claims.ts";
import { isLastRun } from "../../../domain/job/stored-job.ts";
import { byId, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { readDueRuns } from "../runs/due-run-reads.ts";
import { type RunRow, standing } from "../runs/run-row.ts";
import { claimAll } from "./claim-batch.ts";
import { settleAll } from "./settle-batch.ts";
import { wakeNext } from "./wake-waiting.ts";

export function createRunClaims(context: StoreContext): RunClaims {
  const { runs, jobs } = context.rows;
  return {
    async read(runIds) {
      return (await readDueRuns(context, await runs.find({ ...withIds(runIds), ...OPEN }))).items;
    },
    async holders(runIds) {
      return (await runs.find({ ...withIds(runIds), ...OPEN }, { fields: ["attempt", "state", "attempts"] })).map(toHolder);
    },
    async lastRuns(jobUids) {
      const found = await jobs.find(withIds(jobUids), { fields: ["lastRun"] });
      return new Map(found.flatMap(({ _id: uid, lastRun }) => (isLastRun(lastRun) ? [[uid, lastRun] as const] : [])));
    },
    claim: (request) => claimAll(context, request),
    async heartbeat({ leases, leaseMs, now }) {
      const changes = [...Map.groupBy(leases, ({ token }) => token)].map(([token, group]) => ({
        filter: { ...running(group), token: { $eq: token } },
        update: { $set: { leaseMs, wakeAt: now + leaseMs } },
      }));
      await runs.updateEach(changes);
      // The token that holds the lease now also held it then: a lost token is never used again.
      const rows = byId(await runs.find(running(leases), { fields: ["token", "cancelRequested"] }));
      const renewed = leases.filter(({ runId, token }) => rows.get(runId)?.token === token).map(({ runId }) => runId);
      return { renewed, cancelRequested: renewed.filter((runId) => rows.get(runId)?.cancelRequested === true) };
    },
    settle: ({ settlements, now }) => settleAll(context, settlements, now),
    async defer({ deferrals }) {
      const groups = Map.groupBy(deferrals, ({ attempt, reason, wakeAt }) => `${attempt} ${reason} ${wakeAt}`);
      const changes = [...groups.values()].flatMap((group) => {
        const [first] = group;
        if (first === undefined) return [];
        const { attempt, reason, wakeAt } = first;
        const filter = { ...withIds(group.map(({ runId }) => runId)), state: { $eq: "due" }, attempt: { $eq: attempt } };
        const put = { standing: "deferred", reason };
        return [{ filter, update: wakeAt === null ? { $set: put, $unset: { wakeAt: "" } } : { $set: { ...put, wakeAt } } }];
      });
      await runs.updateEach(changes);
      // A run that waits for an executor precedes no other run, so no run has to wait for it.
      const deferred = { ...withIds(deferrals.map(({ runId }) => runId)), ...standing("deferred"), wakes: { $eq: true } };
      await wakeNext(context, await runs.find(deferred, { fields: ["jobUid", "wakes"] }));
    },
  };
}

const toHolder = ({ _id: runId, attempt, state, attempts }: RunRow): AttemptHolder => ({
  runId,
  attempt,
  state: state as AttemptHolder["state"], // The filter allows no others.
  executor: state === "running" && Array.isArray(attempts) ? (attempts.at(-1)?.executor ?? null) : null,
});

const OPEN = { state: { $in: ["due", "running", "retrying"] } };

const running = (leases: readonly HeldLease[]) => ({ ...withIds(leases.map(({ runId }) => runId)), state: { $eq: "running" } });
