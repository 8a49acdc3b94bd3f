import { afterEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./checker/check.ts";
import { createDriver } from "./driver/driver.ts";
import { seededRandom, chooseSeed } from "./driver/seeded-random.ts";
import { createKiller } from "./product/killer.ts";
import { printFigures, spread, tally } from "./product/figures.ts";
import { firstEffectsMs, findRecoveries } from "./product/recovery.ts";
import { atRest } from "./product/rest.ts";
import { httpTarget } from "./recorder/http-target.ts";
import { startRecorderProcess } from "./recorder/recorder-process.ts";

const KILLS = Number(process.env["KILLS"] ?? 12);
/** Jobs that are alive at once, and driven. */
const ACTORS = Number(process.env["ACTORS"] ?? 30);
const PACE_MS_MAX = 1_500;
/** The lease of the executor is 30 s. A recovery that waited for the end of a lease would take longer than this. */
const QUARTER_OF_A_LEASE_MS = 7_500;
/** Of what the product said, so much is shown when it does not end well. Characters. */
const SAID_MAX = 4_000;
/** The stream of chance that decides the kills; clients have those from 0. */
const KILLS_STREAM = 1_000_000;

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function setup(seed: number) {
  const folder = mkdtempSync(join(tmpdir(), "tickline-kills-"));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  const recorder = await startRecorderProcess(join(folder, "effects.jsonl"));
  endings.push(recorder.close);
  const killer = createKiller({ product: { dataDir: join(folder, "data") }, recorder, random: seededRandom(seed, KILLS_STREAM) });
  endings.push(async () => void (await killer.end()));
  const target = httpTarget(recorder.url);
  const driver = createDriver({ ...killer, target, seed, actors: ACTORS, paceMsMax: PACE_MS_MAX });
  endings.push(driver.abandon);
  return { recorder, killer, target, driver };
}

test(
  `${KILLS} kills at random instants lose nothing, double nothing and need no help`,
  async () => {
    const seed = chooseSeed(process.env);
    const { recorder, killer, target, driver } = await setup(seed);
    printFigures(`SEED=${seed} KILLS=${KILLS}`);
    driver.start();
    await killer.run(KILLS);
    await driver.settle();
    const horizonAt = Date.now();
    const { rows, jobs, drainMs } = await atRest(killer, target);
    const code = await killer.end();
    const { ledger } = driver;
    const effects = recorder.effects();
    const violations = check({ ...ledger, effects, rows, jobs, horizonAt });

    const recoveries = findRecoveries(effects, killer.lives);
    const retaken = recoveries.filter(({ afterUpMs }) => afterUpMs !== null);
    const firstRetaken = retaken.flatMap(({ first, afterUpMs }) => (first ? (afterUpMs ?? []) : []));
    const ups = killer.lives.flatMap(({ upAt, spawnedAt }) => (upAt === null ? [] : [upAt - spawnedAt]));
    const { sent, unanswered, foundStanding, foundMissing, refused } = ledger.counts;
    printFigures(
      `kills ${KILLS}: ${tally(killer.lives.map(({ instant }) => instant))}`,
      `writes sent ${sent}, unanswered ${unanswered} (found standing ${foundStanding}, missing ${foundMissing}), refused ${JSON.stringify(refused)}`,
      `acknowledged ${tally(ledger.writes.map(({ kind }) => kind))}, triggers ${ledger.triggers.length}`,
      `runs ${rows.length}: ${tally(rows.map(({ state }) => state))}; effects ${effects.length}; sightings ${ledger.sightings.length}`,
      `attempts interrupted ${recoveries.length}, taken up again ${retaken.length}; the first time, after ms of being up: ${spread(firstRetaken)}`,
      `up after ms ${spread(ups)}; first effect after ms ${spread(firstEffectsMs(effects, killer.lives))} (least / middle / greatest)`,
      `drained in ${drainMs} ms; violations ${violations.length}`,
    );
    expect(violations).toEqual([]);
    expect(ledger.wrongAnswers).toEqual([]);
    expect({ code, said: code === 0 ? "" : killer.stderr().slice(-SAID_MAX) }).toEqual({ code: 0, said: "" });
    // Nothing waited for a lease to end.
    expect(Math.max(...firstRetaken)).toBeLessThan(QUARTER_OF_A_LEASE_MS);
    // A run that met no fault would prove nothing.
    expect(killer.lives.filter(({ killedAt }) => Number.isFinite(killedAt))).toHaveLength(KILLS);
    expect(recoveries.length).toBeGreaterThan(KILLS / 2);
    expect(ledger.counts.unanswered).toBeGreaterThan(0);
    expect(new Set(ledger.writes.map(({ kind }) => kind))).toEqual(new Set(["create", "edit", "pause", "resume", "delete"]));
  },
  240_000 + KILLS * 15_000,
);
