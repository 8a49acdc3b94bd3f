import type { FireEntry } from "../../../domain/fire.ts";
import type { Instant } from "../../../domain/instant.ts";
import type { Job } from "../../../domain/job.ts";
import type { JobDefinition } from "../../../domain/job-definition.ts";
import { createSortedIndex, type SortedIndex } from "./sorted-index.ts";

/** A fire that has advanced its job and whose run is not yet known to exist. */
export interface PendingFire {
  readonly runId: string;
  readonly entry: FireEntry;
  readonly jobVersion: number;
  readonly firedAt: Instant;
}

/** A definition, and who uses it besides its job. */
export interface DefinitionRow {
  readonly definition: JobDefinition;
  /** How many runs there are of it. */
  runs: number;
  /** When a sweep first found that nothing uses it. */
  unusedSince: Instant | null;
}

export const newDefinitionRow = (definition: JobDefinition): DefinitionRow => ({ definition, runs: 0, unusedSince: null });

/** A job as the store keeps it. `job` is replaced, never changed: what was read stays as it was. */
export interface JobRow {
  job: Job;
  pending: readonly PendingFire[];
  /** Ids of its events that are not sent yet: kept by the outbox. */
  readonly unsent: Set<string>;
  /** By hash. */
  readonly definitions: Map<string, DefinitionRow>;
}

/** All jobs, tombstones included, and every order in which the store is asked for them. */
export interface JobTable {
  readonly get: (uid: string) => JobRow | undefined;
  /** The job that has the id now; never a tombstone. */
  readonly named: (tenantId: string, jobId: string) => JobRow | undefined;
  readonly save: (row: JobRow) => void;
  readonly remove: (row: JobRow) => void;
  /** Jobs of a tenant by (`createdAt`, `uid`), without tombstones. */
  readonly ofTenant: (tenantId: string) => SortedIndex<JobRow>;
  /** Active jobs by (`nextRunAt`, `uid`). */
  readonly upcoming: SortedIndex<JobRow>;
  /** By `updatedAt`, which is when they were deleted. */
  readonly tombstones: SortedIndex<JobRow>;
  /** Jobs with pending fires. */
  readonly pending: Set<JobRow>;
  /** Jobs with definitions besides their own. */
  readonly manyDefinitions: Set<JobRow>;
}

export function createJobTable(): JobTable {
  const rows = new Map<string, JobRow>();
  const names = new Map<string, JobRow>();
  const tenants = new Map<string, SortedIndex<JobRow>>();
  const upcoming = createSortedIndex<JobRow>();
  const tombstones = createSortedIndex<JobRow>();
  const pending = new Set<JobRow>();
  const manyDefinitions = new Set<JobRow>();
  const none = createSortedIndex<JobRow>();

  function saveName(row: JobRow): void {
    const { uid, tenantId, state, createdAt } = row.job;
    const name = nameOf(row.job);
    let tenant = tenants.get(tenantId);
    if (tenant === undefined) tenants.set(tenantId, (tenant = createSortedIndex()));
    if (state !== "deleted") {
      names.set(name, row);
      tenant.set(uid, createdAt, row);
      return;
    }
    if (names.get(name) === row) names.delete(name);
    tenant.delete(uid);
  }
  return {
    get: (uid) => rows.get(uid),
    named: (tenantId, id) => names.get(nameOf({ tenantId, id })),
    save(row) {
      const { uid, state, nextRunAt, updatedAt } = row.job;
      rows.set(uid, row);
      saveName(row);
      if (state === "active" && nextRunAt !== null) upcoming.set(uid, nextRunAt, row);
      else upcoming.delete(uid);
      if (state === "deleted") tombstones.set(uid, updatedAt, row);
      if (row.pending.length > 0) pending.add(row);
      else pending.delete(row);
      if (row.definitions.size > 1) manyDefinitions.add(row);
      else manyDefinitions.delete(row);
    },
    /** Tombstones alone are removed, so there is no name to give back. */
    remove(row) {
      rows.delete(row.job.uid);
      tombstones.delete(row.job.uid);
      pending.delete(row);
      manyDefinitions.delete(row);
    },
    ofTenant: (tenantId) => tenants.get(tenantId) ?? none,
    upcoming,
    tombstones,
    pending,
    manyDefinitions,
  };
}

const nameOf = ({ tenantId, id }: Pick<Job, "tenantId" | "id">): string => JSON.stringify([tenantId, id]);
