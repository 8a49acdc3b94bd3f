import type { Sighting } from "../checker/history.ts";
import type { CarryOutDeps } from "./carry-out.ts";
import type { JobDetailView } from "./views.ts";

export interface StatusPollerDeps extends CarryOutDeps {
  readonly jobIds: () => readonly string[];
}

/** Wait between two looks, in milliseconds: leaves the product its share of the processor. */
const LOOK_EVERY_MS = 15;

/** One client that looks at jobs and their latest runs, one answer after another, and notes what it is shown. */
export const createStatusPoller = ({ client, whenUp, random, ledger, jobIds }: StatusPollerDeps) => ({
  async poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ids = jobIds();
      const id = ids[random.whole(0, ids.length - 1)];
      const reply = id === undefined ? null : await client.send({ method: "GET", path: `/jobs/${id}` });
      if (reply?.kind === "answered" && reply.status === 200) ledger.sightings.push(...toSightings(reply.body as JobDetailView));
      if (reply?.kind === "unanswered" && !signal.aborted) await whenUp();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  },
});

const toSightings = ({ id, createdAt, status, lastRun, recentRuns }: JobDetailView): Sighting[] => [
  {
    of: "job",
    jobId: id,
    createdAt,
    status,
    lastRun: lastRun === null ? null : { id: lastRun.id, scheduledFor: lastRun.scheduledFor, state: lastRun.state },
  },
  ...recentRuns.map(({ id: runId, attempt, state }): Sighting => ({ of: "run", runId, attempt, state })),
];
