import { unfoldedStatus } from "../checker/sightings.ts";
import { isEnded, type FinalJob, type RunRow } from "../checker/history.ts";
import { ask } from "../driver/api-client.ts";
import type { Server } from "../driver/carry-out.ts";
import type { Target } from "../driver/job-input.ts";
import type { JobView, PageView, RunView } from "../driver/views.ts";

/** What the product says of itself once nothing moves any more. */
export interface AtRest {
  readonly rows: readonly RunRow[];
  readonly jobs: readonly FinalJob[];
  /** From the call until it was at rest. */
  readonly drainMs: number;
}

/** A product that is not at rest by then is judged as it is; the checker says what is still open. */
const REST_MS_MAX = 180_000;
const LOOK_EVERY_MS = 100;

/**
 * Waits until no run is open and every job shows its latest run, and returns what then stands. The rows decide: a run that is open may
 * hop from state to state between the looks for each, and is then seen by none of them.
 */
export async function atRest(server: Server, target: Target): Promise<AtRest> {
  const since = Date.now();
  for (;;) {
    const late = Date.now() - since > REST_MS_MAX;
    if (late || !(await anyOpen(server))) {
      const rows = (await all<RunView>(server, "/runs")).map(toRunRow);
      const jobs = (await all<JobView>(server, "/jobs")).map((job) => toFinalJob(job, target));
      const rests = rows.every(({ state }) => isEnded(state)) && unfoldedStatus(jobs, rows).length === 0;
      if (late || rests) return { rows, jobs, drainMs: Date.now() - since };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function anyOpen(server: Server): Promise<boolean> {
  for (const state of ["due", "running", "retrying"]) {
    const page = await get<PageView<RunView>>(server, `/runs?state=${state}&limit=1`);
    if (page.items.length > 0) return true;
  }
  return false;
}

/** All pages of a list. */
async function all<Item>(server: Server, path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: PageView<Item> = await get(server, `${path}?limit=200&include=params${query}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

async function get<Body>({ client, whenUp }: Server, path: string): Promise<Body> {
  const { status, body } = await ask(client, whenUp, { method: "GET", path });
  if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
  return body as Body;
}

const toRunRow = ({ id, jobId, cause, scheduledFor, scheduledForLast, count, state, reason, attempt }: RunView): RunRow => ({
  id,
  jobId,
  cause,
  scheduledFor: Date.parse(scheduledFor),
  scheduledForLast: scheduledForLast === null ? null : Date.parse(scheduledForLast),
  count,
  state,
  reason,
  attempt,
});

const toFinalJob = ({ id, state, status, version, params, createdAt, lastRun }: JobView, target: Target): FinalJob => ({
  id,
  state,
  status,
  version,
  mark: target.readMark(params),
  createdAt: Date.parse(createdAt),
  lastRun: lastRun === null ? null : { id: lastRun.id, state: lastRun.state },
});
