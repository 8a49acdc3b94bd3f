import type { HeldLease, RunClaims } from "../../ports/run-claims.ts";
import { claimAll } from "./claim-batch.ts";
import type { StoreContext } from "./context.ts";
import { dueRunsOf } from "./due-runs.ts";
import { groupBy } from "./group-by.ts";
import { wakeNext } from "./overlap-wakes.ts";
import { standing } from "./run-row.ts";
import { settleAll } from "./settle-batch.ts";

export function createRunClaims(context: StoreContext): RunClaims {
  const { runs } = context.rows;
  return {
    async read(runIds) {
      return runIds.length === 0 ? [] : dueRunsOf(context, await runs.find({ _id: { $in: [...runIds] }, state: { $in: OPEN_STATES } }));
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
        return [{ filter, update: { $set: { standing: "deferred", reason, wakeAt } } }];
      });
      await runs.updateEach(changes);
      // A run that waits for an executor is in nobody's way, so who waits behind it need not.
      const ids = { $in: deferrals.map(({ runId }) => runId) };
      await wakeNext(context, await runs.find({ _id: ids, ...standing("deferred"), wakes: { $eq: true } }, { fields: ["jobUid", "wakes"] }));
    },
  };
}

const OPEN_STATES = ["due", "running", "retrying"];

const running = (leases: readonly HeldLease[]) => ({ _id: { $in: leases.map(({ runId }) => runId).sort() }, state: { $eq: "running" } });
