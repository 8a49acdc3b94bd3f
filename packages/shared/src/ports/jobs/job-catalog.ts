import type { JobEvent } from "../../events/job-event.ts";
import type { Job, JobState, JobStatusName } from "../../domain/job/job.ts";
import type { JobDefinition } from "../../domain/job/job-definition.ts";
import type { Page, PageRequest } from "../page.ts";

/** A job must meet every given condition and have each tag of `tags`. `nameContains` ignores case (ASCII at least). */
export interface JobQuery extends PageRequest {
  readonly state?: Exclude<JobState, "deleted">;
  readonly status?: JobStatusName;
  readonly handler?: string;
  readonly queue?: string;
  readonly tags?: readonly string[];
  readonly nameContains?: string;
  /** False: long params are not read, and all params are `{}`. Default: true. */
  readonly params?: boolean;
}

/** `exists`: another job of the tenant has the id. Repeating a create of the same `uid` answers `created` with the stored job. */
export type CreateOutcome = { readonly kind: "created"; readonly job: Job } | { readonly kind: "exists"; readonly job: Job };

/**
 * An edit: `next` replaces the job that was read as `previous`, if the stored job still has its `version`, `nextRunAt` and
 * state. `status` and `lastRun` belong to the projection and are left as stored. `next.state` "deleted" leaves a tombstone.
 */
export interface JobChange {
  readonly previous: Job;
  readonly next: Job;
  readonly event: JobEvent;
}

export type ChangeOutcome = { readonly kind: "changed"; readonly job: Job } | { readonly kind: "stale" };

/**
 * The jobs of users: definitions and states. All writes are durable when their promise resolves, and the event of a
 * write is in the outbox from the same moment (see `JobOutbox`). Deleted jobs are never returned here. Lists are newest
 * first: by `createdAt`, then `uid`, descending. A job of which a part cannot be read is returned with `unreadable`; one
 * that could not be written back is named in `Page.unreadable`, and `get` rejects with `store_corrupt`.
 */
export interface JobCatalog {
  create(tenantId: string, request: { readonly job: Job; readonly event: JobEvent }): Promise<CreateOutcome>;
  get(tenantId: string, jobId: string): Promise<Job | null>;
  list(tenantId: string, query: JobQuery): Promise<Page<Job>>;
  change(tenantId: string, change: JobChange): Promise<ChangeOutcome>;
  /**
   * Writes a definition row of its own, for a run with other params. Returns its hash; repeating it is harmless. A fire can
   * use it within `DEFINITION_GRACE_MS`; if no run uses it by then, it may be deleted.
   */
  addDefinition(tenantId: string, request: { readonly jobUid: string; readonly definition: JobDefinition }): Promise<string>;
}
