import { AppError } from "../../domain/app-error.ts";
import { evaluate } from "../../domain/evaluation.ts";
import { type Job, withoutParams } from "../../domain/job/job.ts";
import { definitionHash, type JobDefinition } from "../../domain/job/job-definition.ts";
import { readDefinition } from "../../domain/job/stored-definition.ts";
import type { JobCatalog, JobQuery } from "../../ports/jobs/job-catalog.ts";
import type { Page } from "../../ports/page.ts";
import { pageReadable } from "../../runtime/batch/map-readable.ts";
import { completeFires } from "./due-jobs.ts";
import { ascending, type MemoryState, readJob, type StoredJob } from "./state.ts";

export function createJobCatalog(state: MemoryState): JobCatalog {
  const { jobs, outbox, digest } = state;
  const findById = (tenantId: string, jobId: string): StoredJob | undefined => {
    for (const stored of jobs.values())
      if (stored.job.id === jobId && stored.job.tenantId === tenantId && stored.job.state !== "deleted") return stored;
    return undefined;
  };
  return {
    async create(tenantId, { job, event }) {
      const present = jobs.get(job.uid);
      if (present !== undefined && present.job.tenantId !== tenantId)
        throw new AppError("internal", `create job ${job.id}: its uid is taken`);
      if (present !== undefined) return { kind: "created", job: readJob(present) };
      const named = findById(tenantId, job.id);
      if (named !== undefined) return { kind: "exists", job: readJob(named) };
      jobs.set(job.uid, {
        job,
        pending: [],
        definitions: new Map([[job.definitionHash, { definition: job.definition, unusedSince: null }]]),
      });
      outbox.set(event.id, event);
      return { kind: "created", job };
    },
    async get(tenantId, jobId) {
      const stored = findById(tenantId, jobId);
      return stored === undefined ? null : readJob(stored);
    },
    async list(tenantId, query) {
      return listJobs(state, tenantId, query);
    },
    async change(tenantId, { previous, next, event }) {
      const stored = jobs.get(previous.uid);
      if (stored?.job.tenantId !== tenantId || !isAsRead(stored.job, previous)) return { kind: "stale" };
      completeFires(state, stored);
      const { unreadable: _verdict, ...changed } = next;
      const { status, lastRun, definition, definitionHash: hash } = stored.job;
      // An edit that does not change the definition does not write it: the definition that was read may be a placeholder.
      const same = next.definitionHash === hash;
      stored.job = { ...changed, status, lastRun, ...(same && { definition }) };
      if (!same) keepDefinition(stored, next.definitionHash, next.definition);
      outbox.set(event.id, event);
      return { kind: "changed", job: readJob(stored) };
    },
    async addDefinition(tenantId, { jobUid, definition }) {
      const stored = jobs.get(jobUid);
      if (stored?.job.tenantId !== tenantId) throw new AppError("internal", `add definition: no job ${jobUid}`);
      const hash = definitionHash(digest, definition);
      keepDefinition(stored, hash, definition);
      return hash;
    },
  };
}

const isAsRead = (stored: Job, read: Job): boolean =>
  stored.state !== "deleted" && stored.version === read.version && stored.nextRunAt === read.nextRunAt && stored.state === read.state;

/** Writing a damaged definition again repairs it, in the job too. */
function keepDefinition(stored: StoredJob, hash: string, definition: JobDefinition): void {
  stored.definitions.set(hash, { definition: stored.definitions.get(hash)?.definition ?? definition, unusedSince: null });
  const isTorn = hash === stored.job.definitionHash && readDefinition(stored.job.definition).kind === "unreadable";
  if (isTorn) stored.job = { ...stored.job, definition };
}

/** A page of a tenant's jobs, newest first. The cursor is the position of the last job: `<createdAt>.<uid>`. */
function listJobs({ jobs, onUnreadable }: MemoryState, tenantId: string, query: JobQuery): Page<Job> {
  const [, createdBefore = "", uidBefore = ""] = /^([^.]+)\.(.*)$/.exec(query.cursor ?? "") ?? [];
  const isBehind = ({ createdAt, uid }: Job): boolean =>
    query.cursor === null || createdAt < Number(createdBefore) || (createdAt === Number(createdBefore) && uid < uidBefore);
  const isMeant = (stored: StoredJob): boolean => {
    const read = evaluate(() => readJob(stored));
    return read.kind === "not_evaluated" || matches(read.value, query); // Every list names the unreadable jobs.
  };
  const found = [...jobs.values()]
    .filter(({ job }) => job.tenantId === tenantId && job.state !== "deleted" && isBehind(job))
    .sort(({ job: left }, { job: right }) => ascending("createdAt", "uid")(right, left))
    .filter(isMeant);
  const page = found.slice(0, query.limit);
  const last = page.at(-1)?.job;
  const nextCursor = found.length > page.length && last !== undefined ? `${last.createdAt}.${last.uid}` : null;
  const map = query.params === false ? (stored: StoredJob): Job => withoutParams(readJob(stored)) : readJob;
  return pageReadable(page, { kind: "job", idOf: ({ job }) => String(job.id), map, onUnreadable }, nextCursor);
}

const matches = ({ state, status, definition: { handler, queue, tags, name } }: Job, wanted: JobQuery): boolean =>
  Object.entries({ state, status, handler, queue }).every(([field, value]) => [undefined, value].includes(wanted[field as "state"])) &&
  (wanted.tags ?? []).every((tag) => tags.includes(tag)) &&
  name.toLowerCase().includes((wanted.nameContains ?? "").toLowerCase());
