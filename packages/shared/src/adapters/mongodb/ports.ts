import type { Store } from "../../ports/store/store.ts";
import { createAnnouncements } from "./runs/announcements.ts";
import { createDecidedTime } from "./meta.ts";
import { createDeferredRuns } from "./runs/deferred-runs.ts";
import { createDueJobs } from "./jobs/due-jobs.ts";
import { createDueRuns } from "./runs/due-runs.ts";
import { createHandlerRegistry } from "./handler-registry.ts";
import { createJobCatalog } from "./jobs/job-catalog.ts";
import { createJobOutbox } from "./jobs/job-outbox.ts";
import { createJobStatus } from "./jobs/job-status.ts";
import { createLeaseRows } from "./lease-rows.ts";
import { createRequests } from "./jobs/requests.ts";
import { createRetention } from "./retention/retention.ts";
import { createRunClaims } from "./claims/run-claims.ts";
import { createRunControl } from "./runs/run-control.ts";
import { createRunLeases } from "./runs/run-leases.ts";
import { createRunQueries } from "./runs/run-queries.ts";
import type { StoreContext } from "./context.ts";

/** All ports over what they share. */
export const createPorts = (context: StoreContext): Omit<Store, "ping" | "close"> => ({
  jobs: createJobCatalog(context),
  outbox: createJobOutbox(context),
  requests: createRequests(context),
  runs: createRunQueries(context),
  control: createRunControl(context),
  dueJobs: createDueJobs(context),
  dueRuns: createDueRuns(context),
  deferred: createDeferredRuns(context),
  leases: createRunLeases(context),
  claims: createRunClaims(context),
  announcements: createAnnouncements(context),
  status: createJobStatus(context),
  retention: createRetention(context),
  handlers: createHandlerRegistry(context),
  leaders: createLeaseRows(context),
  decided: createDecidedTime(context),
});
