import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { sha256 } from "../../adapters/system/digest.ts";
import { START } from "../../testing/factories.ts";
import { RUN_CAUSES } from "./run.ts";
import { RUN_ID_PATTERN, runIdFloor, type RunKey, makeRunId } from "./run-id.ts";

const identity: RunKey = { jobUid: "uid-1", cause: "schedule", scheduledFor: START, key: null };
const makeId = (overrides: Partial<RunKey> = {}): string => makeRunId(sha256, { ...identity, ...overrides });

/** Up to the year 9999. */
const instant = fc.integer({ min: 0, max: 253_402_300_799_999 });

test("ids are what they were: they stand in stored rows", () => {
  expect(makeId()).toBe("01KE70EHG01X7FVB67419GMES3");
  expect(makeId({ cause: "manual", key: "key-1" })).toBe("01KE70EHG04XXZXXMCVYP459JC");
});

test("an identity always has the same id, of the shape of a ULID", () => {
  const identities = fc.record({
    jobUid: fc.string({ minLength: 1 }),
    cause: fc.constantFrom(...RUN_CAUSES),
    scheduledFor: instant,
    key: fc.option(fc.string(), { nil: null }),
  });
  fc.assert(
    fc.property(identities, (one) => {
      expect(makeRunId(sha256, one)).toBe(makeRunId(sha256, { ...one }));
      expect(makeRunId(sha256, one)).toMatch(RUN_ID_PATTERN);
    }),
  );
});

test("another job, cause, instant or key is another id", () => {
  const others = [
    makeId(),
    makeId({ jobUid: "uid-2" }),
    makeId({ cause: "manual" }),
    makeId({ cause: "retry" }),
    makeId({ scheduledFor: START + 1 }),
    makeId({ key: "" }),
    makeId({ key: "a" }),
    makeId({ key: "b" }),
  ];
  expect(new Set(others).size).toBe(others.length);
});

test("ids sort by time, whatever job and key they are of", () => {
  fc.assert(
    fc.property(instant, instant, fc.string(), fc.string(), (one, other, left, right) => {
      fc.pre(one < other);
      expect(makeId({ scheduledFor: one, jobUid: left }) < makeId({ scheduledFor: other, jobUid: right })).toBe(true);
    }),
  );
});

test("the floor of an instant stands below its own ids and above those of earlier ones", () => {
  fc.assert(
    fc.property(instant, fc.string(), (scheduledFor, jobUid) => {
      const id = makeId({ scheduledFor, jobUid });
      expect(runIdFloor(scheduledFor) < id).toBe(true);
      expect(id < runIdFloor(scheduledFor + 1)).toBe(true);
    }),
  );
});

test("instants before 1970 have ids too", () => {
  expect(makeId({ scheduledFor: -5 })).toMatch(RUN_ID_PATTERN);
  expect(makeId({ scheduledFor: -5 })).not.toBe(makeId({ scheduledFor: -6 }));
});
