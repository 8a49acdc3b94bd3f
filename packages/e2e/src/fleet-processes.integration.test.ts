import { afterEach, expect, jest, test } from "@jest/globals";
import { describeWithOwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import { setTimeout as wait } from "node:timers/promises";
import { driveFleet } from "./fleet/driven-fleet.ts";
import { readMetric } from "./fleet/metrics-reading.ts";
import type { FleetMember } from "./fleet/fleet-member.ts";
import { seededRandom, type SeededRandom } from "./driver/seeded-random.ts";
import { createEndings } from "./product/endings.ts";
import { printFigures, spread } from "./product/figures.ts";
import { eventually } from "./product/running-product.ts";

jest.setTimeout(420_000);

/** Rounds of kills: in each a scheduler, an executor and an api. */
const ROUNDS = Number(process.env["ROUNDS"] ?? 3);
/** Each executor then has about four long attempts under way at any time. */
const LONG_ACTORS = 4;
/** The stream of chance that decides the kills; clients have those from 0. */
const KILLS_STREAM = 1_000_000;
/** As the scheduler and the executor have it. Milliseconds. */
const LOCK_TTL_MS = 10_000;
const LEASE_MS = 30_000;
/** For what a stopped process needs before others notice, beside the life of its lock or lease. */
const NOTICE_MS_MAX = 20_000;

const endings = createEndings();
afterEach(endings.run);

await describeWithOwnServers("the services as processes", ["mongodb", "kafka", "redis", "registry"], (servers) => {
  test(`${ROUNDS} rounds of kill -9 of a leader, an executor and an api lose nothing and double nothing`, async () => {
    const { seed, fleet, judge } = await driveFleet({ servers, endings, longActors: LONG_ACTORS });
    const random = seededRandom(seed, KILLS_STREAM);
    const takeovers: number[] = [];
    const apiGaps: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const killings = [
        killOne(fleet.schedulers, random).then(async (killedAt) => {
          await fleet.allLed();
          takeovers.push(Date.now() - killedAt);
        }),
        killOne(fleet.executors, random, busyWithLong),
        killOne(fleet.apis, random).then(async (killedAt) => {
          await fleet.client.send({ method: "GET", path: "/livez" });
          apiGaps.push(Date.now() - killedAt);
        }),
      ];
      await Promise.all(killings);
      await eventually(() => (fleet.members.every(({ url }) => url !== null) ? true : null), NOTICE_MS_MAX);
    }
    const effects = await judge(`kill -9, ${ROUNDS} rounds`);
    const retaken = effects
      .filter(({ outcome }) => outcome === "aborted")
      .flatMap(({ runId, attempt, endedAt }) => {
        const next = effects.find((effect) => effect.runId === runId && effect.attempt > attempt);
        return next === undefined || endedAt === null ? [] : [next.startedAt - endedAt];
      });
    printFigures(
      `  takeover of a killed leader's ranges ${spread(takeovers)} ms; attempts of killed executors begun again after ${spread(retaken)} ms; another api answered after ${spread(apiGaps)} ms`,
    );
    expect(fleet.members.flatMap(({ crashes }) => crashes)).toEqual([]);
    expect(Math.max(...takeovers)).toBeLessThan(LOCK_TTL_MS + NOTICE_MS_MAX);
    // A run that met no fault would prove nothing.
    expect(retaken.length).toBeGreaterThan(0);
  });

  test("a leader that stands still for three lives of its lock is replaced, and fires nothing twice when it goes on", async () => {
    const { fleet, judge } = await driveFleet({ servers, endings });
    const [leader] = fleet.schedulers;
    if (leader === undefined) throw new Error("there is no scheduler");
    await wait(2_000);
    leader.pause();
    const pausedAt = Date.now();
    await fleet.allLed();
    const takeoverMs = Date.now() - pausedAt;
    await wait(3 * LOCK_TTL_MS - takeoverMs);
    leader.unpause();
    await eventually(async () => ((await fleet.total("tickline_schedulers")) >= 4 ? true : null), NOTICE_MS_MAX);
    await fleet.allLed();
    await judge("leader SIGSTOP for 3 x TTL");
    printFigures(`  takeover after ${takeoverMs} ms`);
    expect(takeoverMs).toBeLessThan(LOCK_TTL_MS + NOTICE_MS_MAX);
  });

  test("an executor that stands still past its leases loses its attempts to others, and its late results are refused", async () => {
    const { fleet, judge } = await driveFleet({ servers, endings, longActors: LONG_ACTORS });
    const executor = await busyWithLong(fleet.executors);
    executor.pause();
    await wait(2 * LEASE_MS);
    const resumedAt = Date.now();
    executor.unpause();
    await eventually(
      async () => ((await fleet.total("tickline_attempts_settled_total", 'outcome="stale"')) > 0 ? true : null),
      NOTICE_MS_MAX,
    );
    await judge("executor SIGSTOP past its lease", resumedAt);
  });
});

/** Longer than the short attempts take, shorter than the long ones: an executor that was busy for all that time runs a long one. */
const LONG_MS_MIN = 2_000;
/** Between two looks, which cost the executors their processor. */
const LOOK_MS = 200;
/** Until an executor is busy for that long: one that has just started, and a job whose leader was killed, have nothing to run for a while. */
const BUSY_MS_MAX = 60_000;

/** The first executor found to run a long attempt. One that is stopped between two attempts would have nothing to lose. */
async function busyWithLong(executors: readonly FleetMember[]): Promise<FleetMember> {
  const idleAt = new Map(executors.map((executor) => [executor, Date.now()]));
  return eventually(async () => {
    await wait(LOOK_MS);
    const busy = await Promise.all(executors.map((executor) => readMetric(executor, "tickline_workers_busy")));
    for (const [index, executor] of executors.entries()) if (busy[index] === 0) idleAt.set(executor, Date.now());
    return executors.find((executor) => Date.now() - (idleAt.get(executor) ?? 0) > LONG_MS_MIN) ?? null;
  }, BUSY_MS_MAX);
}

/** `choose`: which of the processes, which stand in an order of chance. */
async function killOne(
  members: readonly FleetMember[],
  random: SeededRandom,
  choose: (members: readonly FleetMember[]) => Promise<FleetMember | undefined> = ([first]) => Promise.resolve(first),
): Promise<number> {
  await wait(random.whole(500, 3_000));
  const from = random.whole(0, members.length - 1);
  const victim = await choose([...members.slice(from), ...members.slice(0, from)]);
  await victim?.kill();
  return Date.now();
}
