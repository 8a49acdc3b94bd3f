import type { ApiContext } from "./api-context.ts";
import { docsRoutes } from "./docs-pages/docs-routes.ts";
import { listHandlersRoute } from "./handlers/list-handlers.ts";
import type { Route } from "./http/route.ts";
import { createJobRoute } from "./jobs/create-job.ts";
import { deleteJobRoute } from "./jobs/delete-job.ts";
import { getJobRoute } from "./jobs/get-job.ts";
import { listJobsRoute } from "./jobs/list-jobs.ts";
import { patchJobRoute } from "./jobs/patch-job.ts";
import { pauseJobRoute, resumeJobRoute } from "./jobs/pause-job.ts";
import { previewScheduleRoute } from "./jobs/preview-schedule.ts";
import { putJobRoute } from "./jobs/put-job.ts";
import type { ClaimWaits } from "./queues/claim-waits.ts";
import { queueRoutes } from "./queues/queue-routes.ts";
import { cancelRunRoute } from "./runs/cancel-run.ts";
import { getRunRoute } from "./runs/get-run.ts";
import { listJobRunsRoute, listRunsRoute } from "./runs/list-runs.ts";
import { retryRunRoute } from "./runs/retry-run.ts";
import { triggerJobRoute } from "./runs/trigger-job.ts";
import { serviceRoutes } from "./service-routes.ts";
import type { EventHub } from "./stream/event-hub.ts";
import { streamEventsRoute } from "./stream/stream-events.ts";

/** All routes, in the order of the OpenAPI document. */
export function createRoutes(
  context: ApiContext,
  { hub, waits, draining }: { readonly hub: EventHub; readonly waits: ClaimWaits; readonly draining: () => boolean },
): Route[] {
  const routes = [
    createJobRoute(context),
    listJobsRoute(context),
    getJobRoute(context),
    putJobRoute(context),
    patchJobRoute(context),
    deleteJobRoute(context),
    pauseJobRoute(context),
    resumeJobRoute(context),
    triggerJobRoute(context),
    getRunRoute(context),
    cancelRunRoute(context),
    retryRunRoute(context),
    listJobRunsRoute(context),
    listRunsRoute(context),
    previewScheduleRoute(context),
    listHandlersRoute(context),
    ...queueRoutes({ context, waits, draining }),
    streamEventsRoute({ hub, clock: context.clock, limits: context.config }),
    ...serviceRoutes(context, draining),
  ];
  return [...routes, ...docsRoutes(routes)];
}
