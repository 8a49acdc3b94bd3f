import { expect, test } from "@jest/globals";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import { jobEvent } from "@tickline/shared/events/job-event";
import { CONTROL_TOPIC, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Bus } from "@tickline/shared/ports/bus";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { newJob, START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { createNotices } from "./notices.ts";

/** A bus of which one topic never answers. */
function setup(silentTopic: string) {
  const clock = manualClock(START);
  const asked: string[] = [];
  const publish = (topic: string): Promise<void> => {
    asked.push(topic);
    return topic === silentTopic ? new Promise(() => undefined) : Promise.resolve();
  };
  const { outbox } = createMemoryStore({ clock, digest: sha256 });
  const bus = { publish } as unknown as Bus;
  return {
    asked,
    notices: createNotices(
      { bus, outbox, announcements: { announced: async () => undefined }, clock, entropy: systemEntropy, log: silentLogger },
      { noticesPendingMax: 3 },
    ),
  };
}

test("a topic of jobs that never answers delays no hint", () => {
  const { asked, notices } = setup(JOBS_TOPIC);
  notices.jobWritten(jobEvent("JobCreated", newJob()));
  notices.runsReady("default");
  notices.cancelRequested("run");
  expect(asked).toEqual([JOBS_TOPIC, CONTROL_TOPIC, CONTROL_TOPIC]);
});

test("of hints that a topic does not answer no more than a bound are kept, and those of others go on", () => {
  const { asked, notices } = setup(CONTROL_TOPIC);
  for (let hint = 0; hint < 10; hint += 1) notices.cancelRequested(`run-${hint}`);
  expect(asked).toHaveLength(3);
  notices.jobWritten(jobEvent("JobCreated", newJob()));
  notices.runsEnded([{ state: "cancelled" } as EndedRun]);
  expect(asked.slice(3)).toEqual([JOBS_TOPIC, RUNS_TOPIC]);
});
