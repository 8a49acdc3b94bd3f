import { openAnnouncements } from "./runs/announcements.ts";
import type { DecidedTime } from "../../ports/store/decided-time.ts";
import type { Answering, StoreContext } from "./context.ts";
import { openDeferredRuns } from "./runs/deferred-runs.ts";
import { openDueJobs } from "./jobs/due-jobs.ts";
import { openDueRuns } from "./runs/due-runs.ts";
import { openHandlerRegistry } from "./handler-registry.ts";
import { openJobCatalog } from "./jobs/job-catalog.ts";
import { openJobOutbox } from "./jobs/job-outbox.ts";
import { openJobStatus } from "./jobs/job-status.ts";
import { openLeaseRows } from "./lease-rows.ts";
import { openRequests } from "./jobs/requests.ts";
import { openRetention } from "./retention.ts";
import { openRunClaims } from "./runs/run-claims.ts";
import { openRunControl } from "./runs/run-control.ts";
import { openRunLeases } from "./runs/run-leases.ts";

/** The ports of a store as its thread performs them. */
export type ThreadPorts = ReturnType<typeof openPorts>;

export const openPorts = (context: StoreContext) => ({
  jobs: openJobCatalog(context),
  outbox: openJobOutbox(context),
  requests: openRequests(context.db),
  control: openRunControl(context),
  dueJobs: openDueJobs(context),
  dueRuns: openDueRuns(context),
  deferred: openDeferredRuns(context),
  leases: openRunLeases(context),
  claims: openRunClaims(context),
  announcements: openAnnouncements(context),
  status: openJobStatus(context),
  retention: openRetention(context),
  handlers: openHandlerRegistry(context.db, context.onUnreadable),
  leaders: openLeaseRows(context.db),
  decided: openDecidedTime(context),
  health: { ping: (): null => null },
});

const openDecidedTime = ({ meta }: StoreContext): Answering<DecidedTime> => ({
  latest: () => meta.get("decided"),
  note: (now) => meta.raise("decided", now),
});

/** Calls that write nothing: they are answered even while writes are refused. */
const READS: { readonly [Port in keyof ThreadPorts]?: readonly (keyof ThreadPorts[Port])[] } = {
  outbox: ["unsent"],
  dueJobs: ["upcoming", "read"],
  dueRuns: ["publishable", "queues", "unclaimed", "unclaimedRescued"],
  deferred: ["queues", "waiting"],
  leases: ["ending"],
  claims: ["read", "holders", "lastRuns", "heartbeat"],
  announcements: ["unannounced"],
  status: ["standing", "settledSince", "watermark"],
  retention: ["forgotten"],
  handlers: ["list"],
  decided: ["latest"],
  health: ["ping"],
};

export const isRead = (port: keyof ThreadPorts, method: string): boolean =>
  (READS[port] as readonly string[] | undefined)?.includes(method) === true;
