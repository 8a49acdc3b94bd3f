import { describe, expect, test } from "@jest/globals";
import { API_DEFAULTS } from "@tickline/api/api-config";
import { maxCommandAgeMs } from "@tickline/api/commands/envelope-check";
import { EXECUTOR_DEFAULTS } from "@tickline/executor/executor-config";
import { SCHEDULER_DEFAULTS } from "@tickline/scheduler/scheduler-config";
import { ANSWER_MS_MAX, SERVER_SELECTION_MS_MAX } from "@tickline/shared/adapters/mongodb/server/connection";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/policy/misfire";
import {
  CLOCK_JUMP_MS_MAX,
  COMMAND_AGE_MS_MAX,
  FOLD_OVERLAP_MS,
  PING_MS_MAX,
  KEY_MAKES_MS,
  REQUESTS_KEPT_MS,
  RETENTION_MS_MIN,
  SETTLE_MS_MAX,
  STATEMENT_MS_MAX,
  STORE_TIME_DIFFERENCE_MS_MAX,
  STORE_TIME_ERROR_MS_MAX,
} from "@tickline/shared/domain/time/time-limits";
import { DEFINITION_GRACE_MS } from "@tickline/shared/ports/store/retention";
import { TOPIC_SETTINGS } from "@tickline/shared/wiring/topic-settings";
import { STANDALONE_CONFIG } from "./config.ts";

const [api, scheduler, executor] = [API_DEFAULTS, SCHEDULER_DEFAULTS, EXECUTOR_DEFAULTS];
const DAY = 86_400_000;
/** The statements between naming a definition and the fire that uses it are fewer. */
const STATEMENTS_OF_A_FIRE = 6;

/** [what, the window, what it has to cover] */
type Cover = readonly [string, number, number];

/** A window that is too short loses, repeats or closes what it should not. */
const COVERS: readonly Cover[] = [
  ["the fold goes back as far as a settlement may take to be seen, by clocks that differ", api.foldOverlapMs, FOLD_OVERLAP_MS],
  ["… which is longer than all its statements and two wrong clocks", FOLD_OVERLAP_MS, SETTLE_MS_MAX + 2 * STORE_TIME_ERROR_MS_MAX],
  ["a settlement is longer than one statement", SETTLE_MS_MAX, STATEMENT_MS_MAX],
  ["a statement outlasts finding a server and its answer", STATEMENT_MS_MAX, SERVER_SELECTION_MS_MAX + ANSWER_MS_MAX],
  ["what is no jump is within the error of the store's time", STORE_TIME_ERROR_MS_MAX, CLOCK_JUMP_MS_MAX + PING_MS_MAX],
  ["a set-back is more than two services may differ by", STORE_TIME_DIFFERENCE_MS_MAX, 2 * STORE_TIME_ERROR_MS_MAX],
  ["a due job that is held for a worker is no misfire by any clock", MISSED_AFTER_MS, scheduler.heldMsMax + STORE_TIME_DIFFERENCE_MS_MAX],
  ["a definition that was named is kept until its fire has used it", DEFINITION_GRACE_MS, STATEMENTS_OF_A_FIRE * STATEMENT_MS_MAX],
  ["… also when the clock leaps over the grace", scheduler.retainAfterMs, STATEMENTS_OF_A_FIRE * STATEMENT_MS_MAX],
  ["the clock is measured more often than anything is forgotten by it", scheduler.retainAfterMs, 10 * scheduler.storeTimeMs],
  ["runs are kept longer than a key makes what its request did not", RETENTION_MS_MIN, KEY_MAKES_MS + STORE_TIME_DIFFERENCE_MS_MAX],
  ["runs are kept at least as long as the least that may be set", scheduler.retentionMs, RETENTION_MS_MIN],
  ["ids are kept longer than their commands may come again", REQUESTS_KEPT_MS, 2 * COMMAND_AGE_MS_MAX + STORE_TIME_DIFFERENCE_MS_MAX],
  ["… and the scheduler keeps them as long", scheduler.requestsMs, REQUESTS_KEPT_MS],
  ["commands that the api takes are no older", COMMAND_AGE_MS_MAX, api.commandAgeMsMax],
  ["… whatever their topic keeps", COMMAND_AGE_MS_MAX, maxCommandAgeMs(3_650 * DAY)],
  ["a topic keeps commands for twice as long as they are taken", TOPIC_SETTINGS.retentionMs.schema.parse("3"), 2 * api.commandAgeMsMax],
  ["what was published is noted before it is repeated", scheduler.repeatMs, 10 * scheduler.noteMs],
  ["ends that are announced are noted before the sweep announces them anew", scheduler.sweepMs, 10 * executor.announcedMs],
  ["a handler counts as there while its executor publishes it", scheduler.handlerSeenMs, 2 * executor.registryMs + STATEMENT_MS_MAX],
  ["a run waits for an executor longer than until it is published again", scheduler.waitMaxMs, 2 * scheduler.repeatMsMax],
  ["all unfinished fires are completed less often than those that are old", scheduler.repairAllMs, scheduler.repairAfterMs],
  ["all those under way are finished before all are completed again", scheduler.repairAllMs, STATEMENT_MS_MAX],
  ["the heap reads on before it has used up what it read", scheduler.horizonMs, 2 * Math.min(scheduler.overdueMs, scheduler.horizonMs / 4)],
];

describe("each window covers what it must", () => {
  test.each(COVERS)("%s", (_, windowMs, coveredMs) => {
    expect(windowMs).toBeGreaterThanOrEqual(coveredMs);
  });
});

test("retention can be set to no less than the keys count on", () => {
  expect(STANDALONE_CONFIG.retentionMs.schema.safeParse("0").success).toBe(false);
  expect(STANDALONE_CONFIG.retentionMs.schema.parse("1")).toBe(RETENTION_MS_MIN);
});
