import { expect, test } from "@jest/globals";
import type { EndedRun } from "../../domain/run/settlement.ts";
import { START } from "../../testing/factories.ts";
import { logEnd } from "./ended-run-log.ts";
import type { Logger } from "./logger.ts";

const RUN: EndedRun = {
  tenantId: "default",
  runId: "run-1",
  jobUid: "uid-1",
  jobId: "job-1",
  jobVersion: 1,
  queue: "default",
  priority: 5,
  handler: "work",
  cause: "schedule",
  scheduledFor: START,
  count: 1,
  scheduledForLast: null,
  attempt: 2,
  state: "succeeded",
  reason: null,
  startedAt: START,
  finishedAt: START + 40,
  output: { secret: "of the output" },
  error: null,
};

function logged(run: Partial<EndedRun>, stack?: string) {
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => void lines.push({ level, fields, message });
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } as unknown as Logger;
  logEnd(log, { ...RUN, ...run }, stack);
  expect(JSON.stringify(lines)).not.toContain("secret");
  return lines;
}

const named = { job: "job-1", run: "run-1", attempt: 2, handler: "work" };
const error = { code: "ECONNREFUSED", message: "connection refused", retryable: true };

test("a run that succeeded, or was cancelled, is one line at info", () => {
  expect(logged({})).toEqual([{ level: "info", fields: { ...named, ms: 40 }, message: "a run succeeded" }]);
  expect(logged({ state: "cancelled", startedAt: null })).toEqual([{ level: "info", fields: named, message: "a run was cancelled" }]);
});

test("one that failed is one line at warn, with its code and what it says", () => {
  const [line, ...others] = logged({ state: "failed", error, reason: null });
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    level: "warn",
    fields: { ...named, code: "ECONNREFUSED", error: "connection refused" },
    message: "a run failed",
  });
});

test("what a handler of one's own threw has its stack", () => {
  const [line] = logged({ state: "failed", error }, "Error: connection refused\n    at work.ts:3:1");
  expect(line).toMatchObject({ level: "warn", fields: { code: "ECONNREFUSED", err: { message: "connection refused" } } });
  expect((line!.fields["err"] as Error).stack).toBe("Error: connection refused\n    at work.ts:3:1");
});

test.each(["skipped", "missed"] as const)("one that was %s never ran, and is in the history alone", (state) => {
  expect(logged({ state })).toEqual([]);
});
