import { AppError } from "../../../domain/app-error.ts";
import type { Job } from "../../../domain/job.ts";
import { definitionHash, type JobDefinition } from "../../../domain/job-definition.ts";
import type { JobCatalog } from "../../../ports/job-catalog.ts";
import { readDefinition } from "../../../domain/stored-definition.ts";
import { listJobs } from "./job-list.ts";
import { type JobRow, newDefinitionRow } from "./job-table.ts";
import { completeFires } from "./pending-fires.ts";
import { readJob } from "./read-job.ts";
import type { MemoryState } from "./state.ts";

export function createJobCatalog(state: MemoryState): JobCatalog {
  const { jobs, outbox, digest } = state;
  return {
    async create(tenantId, { job, event }) {
      const present = jobs.get(job.uid);
      if (present !== undefined && present.job.tenantId !== tenantId)
        throw new AppError("internal", `create job ${job.id}: its uid is taken`);
      if (present !== undefined) return { kind: "created", job: readJob(present) };
      const named = jobs.named(tenantId, job.id);
      if (named !== undefined) return { kind: "exists", job: readJob(named) };
      const row: JobRow = {
        job,
        pending: [],
        unsent: new Set(),
        definitions: new Map([[job.definitionHash, newDefinitionRow(job.definition)]]),
      };
      jobs.save(row);
      outbox.add(row, event);
      return { kind: "created", job };
    },
    async get(tenantId, jobId) {
      const row = jobs.named(tenantId, jobId);
      return row === undefined ? null : readJob(row);
    },
    async list(tenantId, query) {
      return listJobs(jobs.ofTenant(tenantId), query, state.onUnreadable);
    },
    async change(tenantId, { previous, next, event }) {
      const row = jobs.get(previous.uid);
      if (row === undefined || row.job.tenantId !== tenantId || !isAsRead(row.job, previous)) return { kind: "stale" };
      completeFires(state, row);
      const { status, lastRun, definition, definitionHash: hash } = row.job;
      // An edit that leaves the definition as it is does not write it: what was read of it may be a stand-in.
      const same = next.definitionHash === hash;
      row.job = { ...withoutVerdict(next), status, lastRun, ...(same && { definition }) };
      if (!same) keepDefinition(row, next.definitionHash, next.definition);
      outbox.add(row, event);
      jobs.save(row);
      return { kind: "changed", job: readJob(row) };
    },
    async addDefinition(tenantId, { jobUid, definition }) {
      const row = jobs.get(jobUid);
      if (row === undefined || row.job.tenantId !== tenantId) throw new AppError("internal", `add definition: no job ${jobUid}`);
      const hash = definitionHash(digest, definition);
      keepDefinition(row, hash, definition);
      jobs.save(row);
      return hash;
    },
  };
}

const withoutVerdict = ({ unreadable: _unreadable, ...job }: Job): Job => job;

/** One that was damaged is mended by being written again, in the job too. */
function keepDefinition(row: JobRow, hash: string, definition: JobDefinition): void {
  const known = row.definitions.get(hash);
  if (known === undefined) row.definitions.set(hash, newDefinitionRow(definition));
  else known.unusedSince = null;
  if (hash === row.job.definitionHash && readDefinition(row.job.definition).kind === "unreadable") row.job = { ...row.job, definition };
}

const isAsRead = (stored: Job, read: Job): boolean =>
  stored.state !== "deleted" && stored.version === read.version && stored.nextRunAt === read.nextRunAt && stored.state === read.state;
