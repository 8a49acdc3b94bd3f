import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fillDeep, fillTemplate } from "./fill-template.ts";
import { runValues } from "./run-values.ts";

const at = new Date("2026-01-05T12:00:00Z");
const run = { runId: "RUN", jobId: "nightly", attempt: 2, scheduledFor: at, idempotencyKey: "KEY", lastRun: null };
const values = runValues(run, { who: "wörld", list: [1], off: null });

test.each([
  ["{{runId}} of {{ jobId }}, attempt {{attempt}} at {{scheduledFor}}", "RUN of nightly, attempt 2 at 2026-01-05T12:00:00.000Z"],
  ["{{idempotencyKey}}{{params.who}}{{params.list}}", "KEYwörld[1]"],
  ["[{{lastRun.state}}{{params.off}}]", "[]"],
  ["no names { {runId} }", "no names { {runId} }"],
])("%s", (text, expected) => expect(fillTemplate(text, values)).toBe(expected));

test("values of the last run", () => {
  const lastRun = { runId: "L", state: "failed", scheduledFor: at, startedAt: at, finishedAt: null, attempt: 1, error: null } as const;
  expect(fillTemplate("{{lastRun.runId}} {{lastRun.state}} {{lastRun.startedAt}}", runValues({ ...run, lastRun }, {}))).toBe(
    "L failed 2026-01-05T12:00:00.000Z",
  );
});

test("texts are filled however deep; a placeholder alone keeps the type of its value, and names of members stay", () => {
  expect(fillDeep({ a: [{ "{{runId}}": "{{attempt}}", list: "{{params.list}}", text: "no. {{attempt}}" }, 5, null] }, values)).toEqual({
    a: [{ "{{runId}}": 2, list: [1], text: "no. 2" }, 5, null],
  });
});

test.each(["runid", "params.", "params.nobody", "constructor", "1+1", "", "params.list.0"])(
  "the name %j is refused with those that there are",
  (name) => {
    expect(() => fillTemplate(`{{${name}}}`, values)).toThrow(
      `there is no value ${JSON.stringify(name)} for a template; there are scheduledFor, runId, jobId, attempt, idempotencyKey, lastRun.runId`,
    );
  },
);

test("a value is never read as a template", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constant("{{runId}}"), fc.constant("$&$1")), (value) => {
      expect(fillTemplate("<{{params.x}}>", { "params.x": value })).toBe(`<${value}>`);
    }),
  );
});
