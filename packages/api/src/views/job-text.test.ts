import { describe, expect, test } from "@jest/globals";
import type { LastRun } from "@tickline/shared/domain/run";
import type { Job } from "@tickline/shared/domain/job";
import { definitionOf, jobOf, MINUTE, START } from "@tickline/shared/testing/factories";
import { definitionHash } from "@tickline/shared/domain/job-definition";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import fc from "fast-check";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { createJobTexts } from "./job-text.ts";
import { showJob, showJobDetail } from "./job-view.ts";

const lastRun: LastRun = {
  runId: "01KE70EHG0VCYVAJ10SJX66YGA",
  state: "running",
  scheduledFor: START,
  startedAt: START,
  finishedAt: null,
  attempt: 1,
  error: null,
};
const editedTo = (job: Job, name: string): Job => {
  const definition = { ...job.definition, name };
  return { ...job, definition, definitionHash: definitionHash(sha256, definition), version: job.version + 1, updatedAt: job.updatedAt + 1 };
};

describe("the text of a job is the JSON of its view", () => {
  test("whatever is in its definition", () => {
    const texts = createJobTexts(manualClock(START));
    let index = 0;
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.dictionary(fc.string(), fc.jsonValue()), (name, params) => {
        index += 1;
        const definition = definitionOf({ name, params: params as never });
        const job = { ...jobOf({ id: `job-${index}` }), definition, definitionHash: definitionHash(sha256, definition) };
        expect(texts.job(job)).toBe(JSON.stringify(showJob(job)));
      }),
    );
  });

  test("each time something of it changes, and when nothing does", () => {
    const texts = createJobTexts(manualClock(START));
    const steps: readonly ((job: Job) => Job)[] = [
      (job) => job,
      (job) => ({ ...job, nextRunAt: START + MINUTE, firedCount: 1 }),
      (job) => ({ ...job, status: "running", lastRun }),
      (job) => ({ ...job, status: "succeeded", lastRun: { ...lastRun, state: "succeeded", finishedAt: START + 5 } }),
      (job) => ({ ...job, lastRun: { ...lastRun, state: "succeeded", finishedAt: START + 5 } }),
      (job) => ({ ...job, status: "running", lastRun: { ...lastRun, attempt: 2 } }),
      (job) => editedTo(job, "Edited"),
      (job) => ({ ...job, state: "paused", version: job.version + 1 }),
      (job) => ({ ...job, state: "finished", nextRunAt: null }),
      (job) => ({ ...job, status: "pending", lastRun: null }),
    ];
    let job = jobOf();
    for (const step of steps) {
      job = step(job);
      for (let again = 0; again < 2; again += 1) {
        expect(texts.job(job)).toBe(JSON.stringify(showJob(job)));
        expect(texts.detail(job, [])).toBe(JSON.stringify(showJobDetail(job, [])));
      }
    }
  });

  test("and when its instant passes without being fired", () => {
    const clock = manualClock(START);
    const texts = createJobTexts(clock);
    const job = jobOf({ nextRunAt: START });
    for (const ms of [0, MINUTE, 1, MINUTE]) {
      clock.advance(ms);
      expect(texts.job(job)).toBe(JSON.stringify(showJob(job, clock.now())));
      expect(texts.detail(job, [])).toBe(JSON.stringify(showJobDetail(job, [], clock.now())));
      expect(texts.job(job).includes("no scheduler has fired it")).toBe(clock.now() > START + MINUTE);
    }
    expect(texts.job({ ...job, nextRunAt: clock.now() })).toContain('"setAside":null');
  });

  test("also of a definition too long to be remembered", () => {
    const texts = createJobTexts(manualClock(START));
    const long = editedTo(jobOf(), "n".repeat(10_000));
    for (let again = 0; again < 2; again += 1) expect(texts.job(long)).toBe(JSON.stringify(showJob(long)));
    expect(texts.job(editedTo(long, "short"))).toBe(JSON.stringify(showJob(editedTo(long, "short"))));
  });

  test("also of many more jobs than are remembered", () => {
    const texts = createJobTexts(manualClock(START));
    const jobs = Array.from({ length: 5_000 }, (_, index) => jobOf({ id: `job-${index}` }));
    for (const job of [...jobs, ...jobs.slice(0, 10)]) expect(texts.job(job).startsWith(`{"id":"${job.id}"`)).toBe(true);
  });
});
