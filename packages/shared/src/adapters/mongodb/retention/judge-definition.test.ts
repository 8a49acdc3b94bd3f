import { expect, test } from "@jest/globals";
import { DEFINITION_GRACE_MS } from "../../../ports/store/retention.ts";
import { DAY, START } from "../../../testing/factories.ts";
import { type Use, judgeDefinition } from "./definition-sweep.ts";

const JOB: Use = { by: "job" };
const UNREFERENCED: Use = { by: "nobody" };
const LATER = START + DEFINITION_GRACE_MS;

test.each([JOB, UNREFERENCED])("what is found first is noted, and looked at again when its grace is over: %j", (use) => {
  expect(judgeDefinition({}, use, START)).toEqual({ kind: "look again", lookAt: LATER, found: { use: use.by, since: START } });
  const found = { use: use.by as "job" | "nobody", since: START };
  expect(judgeDefinition({ found }, use, LATER - 1)).toEqual({ kind: "look again", lookAt: LATER, found });
});

test("what is found again after its grace is deleted if it is unreferenced, and left alone if its job uses it", () => {
  expect(judgeDefinition({ found: { use: "nobody", since: START } }, UNREFERENCED, LATER)).toEqual({ kind: "forget" });
  expect(judgeDefinition({ found: { use: "job", since: START } }, JOB, LATER)).toEqual({ kind: "leave" });
});

test("another finding begins the grace anew", () => {
  const again = { kind: "look again", lookAt: LATER + DEFINITION_GRACE_MS };
  expect(judgeDefinition({ found: { use: "job", since: START } }, UNREFERENCED, LATER)).toEqual({
    ...again,
    found: { use: "nobody", since: LATER },
  });
  expect(judgeDefinition({ found: { use: "nobody", since: START } }, JOB, LATER)).toEqual({
    ...again,
    found: { use: "job", since: LATER },
  });
});

test("one that a run uses is kept, and looked at the more seldom the older the run", () => {
  const found = { use: "nobody", since: START } as const;
  expect(judgeDefinition({ found }, { by: "run", firedAt: LATER }, LATER)).toEqual({
    kind: "look again",
    lookAt: LATER + DEFINITION_GRACE_MS,
    found: null,
  });
  expect(judgeDefinition({}, { by: "run", firedAt: START }, START + 8 * DAY)).toMatchObject({ lookAt: START + 10 * DAY, found: null });
});

test("a clock that was set back forgets nothing early", () => {
  expect(judgeDefinition({ found: { use: "nobody", since: LATER } }, UNREFERENCED, START)).toMatchObject({
    lookAt: LATER + DEFINITION_GRACE_MS,
  });
  expect(judgeDefinition({}, { by: "run", firedAt: LATER }, START)).toMatchObject({ lookAt: LATER });
});
