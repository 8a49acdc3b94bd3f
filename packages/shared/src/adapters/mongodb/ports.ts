import type { Store } from "../../ports/store.ts";
import { createAnnouncements } from "./announcements.ts";
import { createDecidedTime } from "./decided-time.ts";
import { createDeferredRuns } from "./deferred-runs.ts";
import { createDueJobs } from "./due-jobs.ts";
import { createDueRuns } from "./due-runs.ts";
import { createHandlerRegistry } from "./handler-registry.ts";
import { createJobCatalog } from "./job-catalog.ts";
import { createJobOutbox } from "./job-outbox.ts";
import { createJobStatus } from "./job-status.ts";
import { createLeaseRows } from "./lease-rows.ts";
import { createRequests } from "./requests.ts";
import { createRetention } from "./retention.ts";
import { createRunClaims } from "./run-claims.ts";
import { createRunControl } from "./run-control.ts";
import { createRunLeases } from "./run-leases.ts";
import { createRunQueries } from "./run-queries.ts";
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
