import { describe, expect, test } from "@jest/globals";
import { PROBLEMS } from "../packages/api/src/problems/problem.ts";
import { REASONS } from "../packages/shared/src/domain/run/reason.ts";
import { RUN_STATES } from "../packages/shared/src/domain/run/run-state.ts";
import { RUN_CAUSES } from "../packages/shared/src/domain/run/run.ts";
import { EVENT_DEFINITIONS } from "../packages/shared/src/events/event-definitions.ts";
import { readFileSync } from "node:fs";
import path from "node:path";
import { listFiles, type Known, readKnown, splitComments, unknownIn } from "./cited-names.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

/** What belongs to others: servers, headers, packages, shells. */
const OF_OTHERS =
  "mongod mongos sqlite3 cloudevents Trailer Pragma OnCalendar findAndModify updateOne NoWritesPerformed percentile_cont retryWrites safeParseAsync not_multiple_of";
/** Of cron, Celery and Kubernetes, for docs/migrating.md. */
const OF_FORMER_SCHEDULERS =
  "CELERY_TIMEZONE ClockedSchedule MAILTO RANDOM_DELAY acks_late autoretry_for beat_schedule chord" +
  " failedJobsHistoryLimit max_retries one_off parallelism retry_backoff retry_jitter soft_time_limit" +
  " successfulJobsHistoryLimit time_limit ttlSecondsAfterFinished workingDir";
/** What a reader may write. */
const EXAMPLES = "no_stock bimonthly PT1H30M sig";
const FOREIGN = new Set(`${OF_OTHERS} ${OF_FORMER_SCHEDULERS} ${EXAMPLES}`.split(" "));

const CODE = ["{packages,bench,lint,examples,deploy,.ci}/**/*", "*.{js,mjs,json,yml}", ".*.json", "Dockerfile"];
const sources = listFiles(ROOT, CODE)
  .filter(
    (file) =>
      (/\.(ts|js|mjs|json|py|sh|yml|conf)$/.test(file) || /(Dockerfile|\.ci\/run)$/.test(file)) && !file.startsWith("lint/cited-names"),
  )
  .map((file) => ({ file, ...(/\.(ts|js|mjs)$/.test(file) ? splitComments(read(file)) : { comments: "", code: read(file) }) }));
const repository = readKnown(ROOT, sources);
const known: Known = { ...repository, hasName: (name) => FOREIGN.has(name) || repository.hasName(name) };

/** The changelog tells of what was. */
const pages = listFiles(ROOT, ["*.md", "docs/**/*.md", "examples/**/*.md", "deploy/**/*.md"]).filter((file) => file !== "CHANGELOG.md");

test.each(pages)("every name that %s cites exists", (file) => {
  expect(unknownIn(read(file), file, known)).toEqual([]);
});

test("every name that a comment or a lint rule cites exists", () => {
  const unknown = sources.flatMap(({ file, comments }) => unknownIn(comments, file, known).map((name) => `${file}: ${name}`));
  expect(unknown).toEqual([]);
});

const CODES_OF_SQLITE = "packages/shared/src/adapters/sqlite/codes.ts";
const NOT_THE_PRODUCT = /\.test(-support)?\.ts$|\/testing\/|^packages\/e2e\/|\.json$/;

/** In the product's own code, outside of the files that list the values. */
const isUsed = (value: string, list: string): boolean =>
  sources.some(
    ({ file, code }) =>
      file.startsWith("packages/") &&
      !NOT_THE_PRODUCT.test(file) &&
      ![list, CODES_OF_SQLITE].includes(file) &&
      new RegExp(`["'\`]${value}["'\`]|\\b${value}:`).test(code),
  );

describe("no value is listed that nothing makes:", () => {
  test.each([
    ["causes of runs", RUN_CAUSES, "packages/shared/src/domain/run/run.ts"],
    ["reasons of runs", REASONS, "packages/shared/src/domain/run/reason.ts"],
    ["states of runs", RUN_STATES, "packages/shared/src/domain/run/run-state.ts"],
    ["codes of problems", Object.keys(PROBLEMS), "packages/api/src/problems/problem.ts"],
    ["types of events", EVENT_DEFINITIONS.map(({ type }) => type), "packages/shared/src/events/event-definitions.ts"],
  ])("%s", (_, values: readonly string[], list) => {
    expect(values.filter((value) => !isUsed(value, list))).toEqual([]);
  });
});

describe("a name that does not exist is found:", () => {
  test.each([
    ["See `packages/client/src/main.ts`.", "path packages/client/src/main.ts"],
    ["docs/limits.md has all limits", "path docs/limits.md"],
    ["packages/shared/src/**/*.feature.ts", "path packages/shared/src/**/*.feature.ts"],
    ["[the limits](limits.md)", "link limits.md"],
    ["[words](../ARCHITECTURE.md#no-such-heading)", "link ../ARCHITECTURE.md#no-such-heading"],
    ["`npm run backfill`, `npm run start:gateway`", "script backfill"],
    ["`POST /jobs/nightly/backfill`", "route POST /jobs/nightly/backfill"],
    ["the setting `BACKFILL_WINDOW_MS`", "name BACKFILL_WINDOW_MS"],
    ["the code `backfill_too_large`, the event `JobBackfilled`", "name backfill_too_large"],
    ["the cause `backfill`", "name backfill"],
    ["`backfillWindowMs=5` is its limit", "name backfillWindowMs"],
  ])("%s", (text, unknown) => {
    expect(unknownIn(text, "docs/api.md", known)).toContain(unknown);
  });

  test.each([
    "packages/scheduler/src/fire/due-heap",
    "packages/{api,scheduler}/src/main.ts",
    "[words](../ARCHITECTURE.md#words)",
    "`npm run start:api|scheduler|executor`",
    "`GET /jobs/:id/runs`",
    "`PUT /jobs/ping`",
    "`DATA_DIR`",
  ])("%s does exist", (text) => {
    expect(unknownIn(text, "docs/api.md", known)).toEqual([]);
  });
});
