import { sha256 } from "@tickline/shared/adapters/system/digest";
import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import { definitionFrom, definitionHash, JobInputSchema, type JobDefinition } from "@tickline/shared/domain/job/job-definition";
import { firstCursor } from "@tickline/shared/domain/fire/reschedule";
import { computeSlot } from "@tickline/shared/domain/slot";
import { jobEvent } from "@tickline/shared/events/job-event";
import type { Store } from "@tickline/shared/ports/store/store";
import type { z } from "zod";
import { makeAll } from "./wait.ts";

const CREATES_IN_FLIGHT = 1_000;

/** What a request would say; everything else is the product's default. */
export type BenchJobInput = z.input<typeof JobInputSchema>;

/** The job that a create request would have made at `now`. */
export function benchJob(index: number, input: BenchJobInput, now: number): Job {
  const definition: JobDefinition = definitionFrom(JobInputSchema.parse(input), now);
  const uid = `00000000-0000-7000-8000-${String(index).padStart(12, "0")}`;
  return {
    ...firstCursor(definition, now),
    tenantId: DEFAULT_TENANT,
    uid,
    id: `job_${uid}`,
    version: 1,
    definitionHash: definitionHash(sha256, definition),
    definition,
    slot: computeSlot(uid),
    status: "pending",
    lastRun: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** Creates `count` jobs past the api, many in flight, so that the store can commit them in groups. */
export const createJobs = (store: Store, count: number, jobAt: (index: number) => Job): Promise<void> =>
  makeAll(count, CREATES_IN_FLIGHT, async (index) => {
    const job = jobAt(index);
    const { kind } = await store.jobs.create(DEFAULT_TENANT, { job, event: jobEvent("JobCreated", job) });
    if (kind !== "created") throw new Error(`${job.id}: ${kind}`);
  });
