import { afterEach, expect, jest, test } from "@jest/globals";
import type { BusFaults } from "@tickline/shared/adapters/memory/bus-faults";
import type { StoreFaults } from "@tickline/shared/testing/memory-store/faults";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { openSqliteStore } from "@tickline/shared/adapters/sqlite/sqlite-store";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import type { Store } from "@tickline/shared/ports/store/store";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { check } from "./checker/check.ts";
import { createCluster, LEASE_MS, type Cluster } from "./cluster/cluster.ts";
import { distantStore } from "./cluster/distant-store.ts";
import { createEffectLog, type RecordedEffect } from "./cluster/recording-handler.ts";
import { createDriver } from "./driver/driver.ts";
import { LONG_SHAPES, type JobShapes } from "./driver/job-shape.ts";
import { seededRandom, chooseSeed } from "./driver/seeded-random.ts";
import { printFigures, tally } from "./product/figures.ts";
import { atRest } from "./product/rest.ts";
import { eventually } from "./product/running-product.ts";

/** Jobs that are alive at once, and driven. */
const ACTORS = Number(process.env["ACTORS"] ?? 200);
const PACE_MS_MAX = 5_000;
/** For how long the services are driven. */
const DRIVE_MS = Number(process.env["DRIVE_MS"] ?? 8_000);
/** Drive, rest and stop, on a machine that is busy with other things. */
const TEST_MS_MAX = DRIVE_MS + 240_000;
/** For how long a service that was stopped stays away. */
const NO_SCHEDULER_MS = 600;
/** Attempts that are under way where the way to the store is cut. */
const CUT_OFF_MIN = 5;
/** Streams of chance that clients do not use. */
const BUS_STREAM = 1_000_000;
const STORE_STREAM = 1_000_001;
const WAY_STREAM = 1_000_002;

jest.setTimeout(TEST_MS_MAX);

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const memoryStore = (seed: number, faults: StoreFaults = {}): Store =>
  distantStore(createMemoryStore({ clock: systemClock, digest: sha256, faults }), seededRandom(seed, WAY_STREAM));

function sqliteStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), "tickline-hostile-"));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  return openSqliteStore({ file: join(folder, "tickline.db"), digest: sha256 });
}

interface Setup {
  readonly seed: number;
  readonly busFaults: BusFaults;
  readonly shapes?: JobShapes;
  readonly actors?: number;
}

async function setup(store: Store, { seed, busFaults, ...driven }: Setup) {
  const log = createEffectLog();
  const cluster = createCluster({ store, busFaults, log, apis: 2 });
  endings.push(cluster.stop);
  const driver = createDriver({ ...cluster, target: log.target, seed, actors: ACTORS, paceMsMax: PACE_MS_MAX, ...driven });
  endings.push(driver.abandon);
  await cluster.start();
  printFigures(`SEED=${seed} ${expect.getState().currentTestName ?? ""}`);
  return { cluster, driver, log };
}

/** Lets everything come to rest, and says what was promised and not kept. */
async function judge({ cluster, driver, log }: Awaited<ReturnType<typeof setup>>) {
  await driver.settle();
  const horizonAt = Date.now();
  const { rows, jobs, drainMs } = await atRest(cluster, log.target);
  const { ledger } = driver;
  const violations = check({ ...ledger, effects: log.effects, rows, jobs, horizonAt });
  const { published, lost, repeated } = cluster.busCounts();
  printFigures(
    `runs ${rows.length}: ${tally(rows.map(({ state }) => state))}; effects ${log.effects.length} by ${tally(log.effects.map(({ executor }) => executor))}`,
    `writes ${tally(ledger.writes.map(({ kind }) => kind))}, triggers ${ledger.triggers.length}, ${JSON.stringify(ledger.counts)}`,
    `JobDue published ${published}, lost ${lost}, repeated ${repeated}; fires lost ${await cluster.lostFires()}; drained in ${drainMs} ms`,
  );
  expect(violations).toEqual([]);
  expect(ledger.wrongAnswers).toEqual([]);
  return { rows, ledger, effects: log.effects };
}

/** A run that met no fault would prove nothing. */
async function expectHostility(cluster: Cluster, log: ReturnType<typeof createEffectLog>): Promise<void> {
  const { published, lost, repeated } = cluster.busCounts();
  expect(lost / published).toBeGreaterThan(0.1);
  expect(repeated / published).toBeGreaterThan(0.1);
  expect(await cluster.lostFires()).toBeGreaterThan(0);
  expect(new Set(log.effects.map(({ executor }) => executor)).size).toBe(3);
}

/** Services stop and start while they are driven. For a while no scheduler fires, and edits and pauses meet instants that are owed. */
async function churn({ executors, schedulers }: Cluster): Promise<void> {
  for (const services of [[executors[0]], schedulers, [executors[2], schedulers[1]]]) {
    await wait(DRIVE_MS / 4);
    for (const service of services) await service?.stop();
    await wait(NO_SCHEDULER_MS);
    for (const service of services) await service?.start();
  }
  await wait(DRIVE_MS / 4);
}

const hostileBus = (seed: number): BusFaults => ({ lose: 0.2, repeat: 0.2, reorder: true, random: seededRandom(seed, BUS_STREAM).next });

test.each<[string, (seed: number) => Store | Promise<Store>]>([
  ["memory", memoryStore],
  ["SQLite", sqliteStore],
])(
  "a bus that loses and repeats a fifth and reorders, two leaders and three executors: nothing is lost or doubled on %s",
  async (_, open) => {
    const seed = chooseSeed(process.env);
    const { cluster, driver, log } = await setup(await open(seed), { seed, busFaults: hostileBus(seed) });
    driver.start();
    await churn(cluster);
    await eventually(() => (cluster.schedulers.every((scheduler) => scheduler.leads()) ? true : null));
    await judge({ cluster, driver, log });
    await expectHostility(cluster, log);
  },
);

test("a store that crashes half-way through fires and loses answers, behind such a bus: nothing is lost or doubled", async () => {
  const seed = chooseSeed(process.env);
  const random = seededRandom(seed, STORE_STREAM);
  const faults = { crashed: 0, answersLost: 0, calm: false };
  const store = memoryStore(seed, {
    crashBeforeRuns: () => !faults.calm && random.chance(0.05) && (faults.crashed += 1) > 0,
    loseAnswer: () => !faults.calm && random.chance(0.05) && (faults.answersLost += 1) > 0,
  });
  const { cluster, driver, log } = await setup(store, { seed, busFaults: hostileBus(seed) });
  driver.start();
  await churn(cluster);
  faults.calm = true;
  printFigures(JSON.stringify(faults));
  const { ledger } = await judge({ cluster, driver, log });
  await expectHostility(cluster, log);
  expect(faults.crashed).toBeGreaterThan(0);
  expect(faults.answersLost).toBeGreaterThan(0);
  expect(ledger.counts.unanswered).toBeGreaterThan(0);
});

test("a bus that loses everything only delays: once it speaks again every instant has had its run", async () => {
  const seed = chooseSeed(process.env);
  const busFaults = { lose: 1, random: seededRandom(seed, BUS_STREAM).next };
  const { cluster, driver, log } = await setup(memoryStore(seed), { seed, busFaults });
  driver.start();
  await wait(DRIVE_MS / 2);
  expect(cluster.busCounts().published).toBeGreaterThan(0);
  expect(log.effects).toEqual([]);
  busFaults.lose = 0;
  const { effects } = await judge({ cluster, driver, log });
  expect(effects.length).toBeGreaterThan(ACTORS);
});

test("an executor cut off from the store ends its attempts before others begin them, and its late results are refused", async () => {
  const seed = chooseSeed(process.env);
  const { cluster, driver, log } = await setup(memoryStore(seed), { seed, busFaults: hostileBus(seed), shapes: LONG_SHAPES, actors: 40 });
  driver.start();
  const isRunning = ({ executor, outcome }: RecordedEffect): boolean => executor === "one" && outcome === "open";
  await eventually(() => (log.effects.filter(isRunning).length >= CUT_OFF_MIN ? true : null));
  cluster.firstExecutorsWay.sever();
  const cutOff = log.effects.filter(isRunning).map(({ runId }) => runId);
  // Its leases end, others take up its runs, and all the while it knows nothing of it.
  await eventually(() => (log.effects.some(({ runId, executor }) => executor !== "one" && cutOff.includes(runId)) ? true : null));
  await wait(LEASE_MS);
  cluster.firstExecutorsWay.mend();
  await judge({ cluster, driver, log });
  expect(cluster.firstExecutorsWay.staleSettles).toBeGreaterThan(0);
});
