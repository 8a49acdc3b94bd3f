import type { Instant } from "../../domain/time/instant.ts";
import type { Announcements } from "../runs/announcements.ts";
import type { DecidedTime } from "./decided-time.ts";
import type { DeferredRuns } from "../runs/deferred-runs.ts";
import type { DueJobs } from "../jobs/due-jobs.ts";
import type { DueRuns } from "../runs/due-runs.ts";
import type { HandlerRegistry } from "./handler-registry.ts";
import type { JobCatalog } from "../jobs/job-catalog.ts";
import type { JobOutbox } from "../jobs/job-outbox.ts";
import type { JobStatus } from "../jobs/job-status.ts";
import type { LeaseRows } from "./lease-rows.ts";
import type { Requests } from "./requests.ts";
import type { Retention } from "./retention.ts";
import type { RunClaims } from "../runs/run-claims.ts";
import type { RunControl } from "../runs/run-control.ts";
import type { RunLeases } from "../runs/run-leases.ts";
import type { RunQueries } from "../runs/run-queries.ts";

/**
 * All ports of one store, for wiring alone: a service takes the ports it uses. Every write is durable when its promise
 * resolves; a rejected write may or may not have been applied, and repeating it is safe. Faults are `AppError` with
 * `store_unavailable` (retryable) when the store does not answer or its disk is full, and `store_corrupt` when the one requested
 * row cannot be read. Reads of several rows skip such a row (see `OnUnreadable`).
 */
export interface Store {
  readonly jobs: JobCatalog;
  readonly outbox: JobOutbox;
  readonly requests: Requests;
  readonly runs: RunQueries;
  readonly control: RunControl;
  readonly dueJobs: DueJobs;
  readonly dueRuns: DueRuns;
  readonly deferred: DeferredRuns;
  readonly leases: RunLeases;
  readonly claims: RunClaims;
  readonly announcements: Announcements;
  readonly status: JobStatus;
  readonly retention: Retention;
  readonly handlers: HandlerRegistry;
  readonly leaders: LeaseRows;
  readonly decided: DecidedTime;
  /** The store's own time, used by fire and wake. Rejects when the store does not answer, so it is also the health check. */
  ping(): Promise<{ readonly now: Instant }>;
  /** For health checks: why writes are refused although reads are answered, as on a full disk. Null: no refusal is known. */
  readonly refusal?: () => string | null;
  /** Safe to call twice. Acknowledged writes are on disk. */
  close(): Promise<void>;
}
