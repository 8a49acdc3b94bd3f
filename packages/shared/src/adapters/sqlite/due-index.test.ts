import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ALL_SLOTS } from "../../domain/slot.ts";
import { JOB_STATE } from "./codes.ts";
import { createDueIndex } from "./due-index.ts";
import { createJobTable, type JobTable, putJob } from "./job-table.ts";

const JOBS = 30;
const uidOf = (key: number): string => `uid-${String((key * 7) % JOBS).padStart(2, "0")}`;

function setup(nextRunAts: readonly (number | null)[]) {
  const jobs = createJobTable();
  for (const [place, nextRunAt] of nextRunAts.entries()) {
    const uid = uidOf(place + 1);
    const common = { tenantId: "default", head: 0, headAt: null, definitionKey: 1, version: 1, traitsKey: 1, slot: place % 4 };
    putJob(jobs, place + 1, { uid, nextRunAt, state: JOB_STATE.active, ...common });
  }
  return { jobs, due: createDueIndex(jobs) };
}

/** What the index must say, by looking at every job. */
function expected(jobs: JobTable, { until, shard }: { until: number; shard: { from: number; to: number } }): number[] {
  const keys = Array.from({ length: jobs.lastKey }, (_, place) => place + 1);
  const isDue = (key: number): boolean => jobs.state[key] === JOB_STATE.active && jobs.nextRunAt[key]! <= until;
  const inShardQuery = (key: number): boolean => jobs.slot[key]! >= shard.from && jobs.slot[key]! < shard.to;
  return keys
    .filter((key) => isDue(key) && inShardQuery(key))
    .sort((left, right) => jobs.nextRunAt[left]! - jobs.nextRunAt[right]! || (uidOf(left) < uidOf(right) ? -1 : 1));
}

const instant = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 5_000 }));
const moves = fc.array(
  fc.record({
    key: fc.integer({ min: 1, max: JOBS }),
    at: fc.option(instant, { nil: null }),
    state: fc.constantFrom(JOB_STATE.active, JOB_STATE.active, JOB_STATE.paused),
    until: instant,
    from: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 60 },
);

test("whatever moves, a page is what going through all jobs would find", () => {
  fc.assert(
    fc.property(fc.array(fc.option(instant, { nil: null }), { minLength: JOBS, maxLength: JOBS }), moves, (start, steps) => {
      const { jobs, due } = setup(start);
      for (const { key, at, state, until, from } of steps) {
        jobs.nextRunAt[key] = at ?? Number.NaN;
        jobs.state[key] = state;
        due.moved(key);
        const shard = { from, to: 4 };
        expect(due.page({ shard, until: null, after: null, limit: 100 })).toEqual(expected(jobs, { until: Infinity, shard }));
        expect(due.page({ shard, until, after: null, limit: 100 })).toEqual(expected(jobs, { until, shard }));
      }
    }),
  );
});

test.each([5_000, null])("pages read one behind the other hold each job once: until %s", (until) => {
  fc.assert(
    fc.property(fc.array(instant, { minLength: JOBS, maxLength: JOBS }), fc.integer({ min: 1, max: 7 }), (start, limit) => {
      const { jobs, due } = setup(start);
      const found: number[] = [];
      for (let page = due.page({ shard: ALL_SLOTS, until, after: null, limit }); page.length > 0;) {
        found.push(...page);
        const last = page.at(-1)!;
        page = due.page({ shard: ALL_SLOTS, until, after: { nextRunAt: jobs.nextRunAt[last]!, uid: uidOf(last) }, limit });
      }
      expect(found).toEqual(expected(jobs, { until: 5_000, shard: ALL_SLOTS }));
    }),
  );
});
