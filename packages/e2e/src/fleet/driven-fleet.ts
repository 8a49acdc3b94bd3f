import { expect } from "@jest/globals";
import type { OwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import { join } from "node:path";
import { check } from "../checker/check.ts";
import { findLateActs } from "../checker/late-acts.ts";
import { createDriver, type Driver } from "../driver/driver.ts";
import { chooseSeed } from "../driver/seeded-random.ts";
import { temporaryFolder, type Endings } from "../product/endings.ts";
import { printFigures, spread, tally } from "../product/figures.ts";
import { atRest } from "../product/rest.ts";
import type { Effect } from "../recorder/effect.ts";
import { httpTarget } from "../recorder/http-target.ts";
import { startRecorderProcess, type RecorderProcess } from "../recorder/recorder-process.ts";
import { startFleet, type Fleet } from "./fleet.ts";

/** A fleet that clients drive, and a witness of what it does. */
export interface DrivenFleet {
  readonly seed: number;
  readonly fleet: Fleet;
  readonly recorder: RecorderProcess;
  readonly driver: Driver;
  /**
   * Ends the drive, waits for rest, and expects that nothing was lost, doubled or shown wrongly. Prints what it saw under this title.
   * `resumedAt`: when an executor that had stood still went on.
   */
  judge(title: string, resumedAt?: number): Promise<readonly Effect[]>;
}

/** Jobs that are alive at once, and driven. */
const ACTORS = Number(process.env["ACTORS"] ?? 16);
const PACE_MS_MAX = 2_000;

/** Requests that one executor may have waiting for their connection in the moment it is stopped. More, and it would not look at its clock. */
const LATE_ACTS_MAX = 5;

/** A line of the log by which an api says that it failed. */
const UNEXPECTED = /"level":[56]0/;

export interface DriveOptions {
  readonly servers: OwnServers;
  readonly endings: Endings;
  /** Of the driver. */
  readonly longActors?: number;
}

/** Starts the services and the drive. */
export async function driveFleet({ servers, endings, longActors = 0 }: DriveOptions): Promise<DrivenFleet> {
  const seed = chooseSeed(process.env);
  const recorder = await startRecorderProcess(join(temporaryFolder(endings), "effects.jsonl"));
  endings.add(recorder.close);
  const fleet = await startFleet(servers);
  endings.add(fleet.end);
  const target = httpTarget(recorder.url);
  const driver = createDriver({ ...fleet, target, seed, actors: ACTORS, paceMsMax: PACE_MS_MAX, longActors });
  endings.add(driver.abandon);
  driver.start();
  return {
    seed,
    fleet,
    recorder,
    driver,
    async judge(title, resumedAt = Number.POSITIVE_INFINITY) {
      await driver.settle();
      const horizonAt = Date.now();
      const { rows, jobs, drainMs } = await atRest(fleet, target);
      const seen = recorder.effects();
      const lateActs = new Set(findLateActs(seen, resumedAt));
      const effects = seen.filter((effect) => !lateActs.has(effect));
      const { ledger } = driver;
      const violations = check({ ...ledger, effects, rows, jobs, horizonAt });
      const outcomes = ["succeeded", "failed", "retry", "released", "stale"].map(
        async (outcome) => [outcome, await fleet.total("tickline_attempts_settled_total", `outcome="${outcome}"`)] as const,
      );
      const settled = Object.fromEntries(await Promise.all(outcomes));
      const latenesses = effects.filter(({ attempt }) => attempt === 1).map(({ startedAt, scheduledFor }) => startedAt - scheduledFor);
      printFigures(
        `${title} (SEED=${seed})`,
        `  runs ${rows.length}: ${tally(rows.map(({ state }) => state))}; effects ${effects.length}, aborted ${effects.filter(({ outcome }) => outcome === "aborted").length}; sightings ${ledger.sightings.length}`,
        `  writes ${ledger.counts.sent}, unanswered ${ledger.counts.unanswered}, refused ${JSON.stringify(ledger.counts.refused)}`,
        `  claims lost ${await fleet.total("tickline_claims_total", 'outcome="lost"')}, settled ${JSON.stringify(settled)}, fires lost ${await fleet.total("tickline_fires_total", 'outcome="lost"')}`,
        `  lateness of first attempts ${spread(latenesses)} ms (least / middle / greatest); drained in ${drainMs} ms; late acts ${lateActs.size}; violations ${violations.length}`,
      );
      for (const crash of fleet.members.flatMap(({ crashes }) => crashes)) printFigures(`  ${crash}`);
      for (const line of fleet.apis.flatMap((api) => api.stderr().split("\n")).filter((line) => UNEXPECTED.test(line)))
        printFigures(`  ${line}`);
      // Whichever server is unavailable, no client gets a 500: then the outcome of a write would be unknown.
      expect(Object.keys(ledger.counts.refused).filter((refusal) => refusal.includes(" 500 "))).toEqual([]);
      expect(violations).toEqual([]);
      expect(lateActs.size).toBeLessThanOrEqual(LATE_ACTS_MAX);
      expect(ledger.wrongAnswers).toEqual([]);
      return effects;
    },
  };
}
