import type { Digest } from "@tickline/shared/domain/digest";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import type { DueJobs } from "@tickline/shared/ports/jobs/due-jobs";
import type { Announcements } from "@tickline/shared/ports/runs/announcements";
import type { DueRuns } from "@tickline/shared/ports/runs/due-runs";
import type { RunClaims } from "@tickline/shared/ports/runs/run-claims";
import type { HandlerRegistry } from "@tickline/shared/ports/store/handler-registry";
import type { JobCatalog } from "@tickline/shared/ports/jobs/job-catalog";
import type { JobOutbox } from "@tickline/shared/ports/jobs/job-outbox";
import type { JobStatus } from "@tickline/shared/ports/jobs/job-status";
import type { Requests } from "@tickline/shared/ports/store/requests";
import type { Retention } from "@tickline/shared/ports/store/retention";
import type { RunControl } from "@tickline/shared/ports/runs/run-control";
import type { RunQueries } from "@tickline/shared/ports/runs/run-queries";
import type { Store } from "@tickline/shared/ports/store/store";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { StoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import type { Registry } from "prom-client";

/** The dependencies of the api. A `Store` has all its ports by these names. */
export interface ApiDeps {
  readonly jobs: JobCatalog;
  readonly outbox: JobOutbox;
  readonly requests: Requests;
  readonly runs: RunQueries;
  readonly control: RunControl;
  readonly dueJobs: DueJobs;
  /** For executors over HTTP. */
  readonly dueRuns: Pick<DueRuns, "publishable">;
  readonly claims: Pick<RunClaims, "read" | "claim" | "heartbeat" | "settle">;
  readonly announcements: Pick<Announcements, "announced">;
  readonly status: JobStatus;
  readonly retention: Pick<Retention, "forgotten">;
  readonly handlers: HandlerRegistry;
  readonly ping: Store["ping"];
  readonly refusal?: Store["refusal"];
  readonly decided: Store["decided"];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly digest: Digest;
  readonly log: Logger;
  /** Shared by all services of the process; `/metrics` shows all of it. */
  readonly metrics: Registry;
  /** For several services in one process: the process starts and stops it. Default: a clock of its own. */
  readonly time?: StoreClock;
}
