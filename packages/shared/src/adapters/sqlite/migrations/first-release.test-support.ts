import { DatabaseSync } from "node:sqlite";
import { SCHEMA_1 } from "./001-first-release.ts";

/** The definition of all jobs, but for what stands beside it, as the first release wrote it. */
const definition = ({ handler = "http", expireAfterMs = "null", overlap = "skip" } = {}): string =>
  `{"name":"Nightly report","description":null,"tags":[],"handler":"${handler}","params":{"url":"http://127.0.0.1/ping"},` +
  `"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default",` +
  `"retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},` +
  `"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":${expireAfterMs},"overlap":"${overlap}",` +
  `"misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}`;

/** Open runs of a file of the first release: of each job the one that held its lock or was first, then another. */
export const FIRST_RELEASE_RUNS = {
  /** Its process is gone. */
  running: "01KE70EHG0PMWAQ15GEZK89Y7D",
  besideRunning: "01KE70EGGR1ZF3STBCBRDA3Z43",
  /** Until an hour after `START`. */
  retrying: "01KE70EHG0E4QTWHJJHKYGPNKZ",
  besideRetrying: "01KE70GC30F3TV97H62MWDRT97",
  /** Was given back, and is due for its second attempt. */
  released: "01KE70EHG06FZFHYTWNJSGYPES",
  besideReleased: "01KE70GC300HRGHKRG4DX025QN",
  /** Its job allows overlap. */
  allowed: "01KE70EHG0F02ND1TECBMMWKPV",
  besideAllowed: "01KE70EHG0BKAQ65MXCTMMSHWN",
  /** Waits for an executor with its handler, until an hour after `START`. */
  unknownHandler: "01KE70EHG0K2VYF9818FS2A1GT",
} as const;

const { running, besideRunning, retrying, besideRetrying, released, besideReleased, allowed, besideAllowed, unknownHandler } =
  FIRST_RELEASE_RUNS;

/** What its store wrote, row by row. */
const ROWS = `
UPDATE meta SET value = 1 WHERE name = 'incarnation'; UPDATE meta SET value = 9 WHERE name = 'indexed_to';
INSERT INTO owners VALUES (1, 1, 'executor-1', 15000);
INSERT INTO traits VALUES (1, 'default', 'http', NULL, 1, 'rerun'), (2, 'default', 'http', 7200000, 1, 'rerun'),
  (3, 'default', 'http', NULL, 0, 'rerun'), (4, 'default', 'old', NULL, 1, 'rerun');
INSERT INTO jobs VALUES (1, 'uid-default-running', 'default', 'running', 911, 1767610800000),
  (2, 'uid-default-retrying', 'default', 'retrying', 878, 1767610800000), (3, 'uid-default-released', 'default', 'released', 988, 1767610800000),
  (4, 'uid-default-allowed', 'default', 'allowed', 192, 1767610800000), (5, 'uid-default-unknown', 'default', 'unknown', 170, 1767610800000);
INSERT INTO cursors VALUES
  (1, 1, 0, 1767614400000, NULL, 0, 1, 1767614400000, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 1, 1767610800000, NULL),
  (2, 1, 0, 1767614400000, NULL, 0, 4, 1767614460000, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 1, 1767610800000, NULL),
  (3, 1, 0, 1767614400000, NULL, 0, 6, 1767614460000, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3, 2, 1767610800000, NULL),
  (4, 1, 0, 1767614400000, NULL, 0, 7, 1767614400000, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 4, 3, 1767610800000, NULL),
  (5, 1, 0, 1767614400000, NULL, 0, 9, 1767614400000, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5, 4, 1767610800000, NULL);
INSERT INTO definitions VALUES (1, 1, '922a704876773d01ef1fdb272e9a9ea8', 1, '${definition()}'),
  (2, 2, '922a704876773d01ef1fdb272e9a9ea8', 1, '${definition()}'),
  (3, 3, '6e10c943b9e328067d0dc6408dbe0aaa', 2, '${definition({ expireAfterMs: "7200000" })}'),
  (4, 4, '62f66b600c940d6f25507403a4e43f47', 3, '${definition({ overlap: "allow" })}'),
  (5, 5, 'ca2023aa81eb6177c3a523a98fb943b2', 4, '${definition({ handler: "old" })}');
INSERT INTO run_ids VALUES ('${besideRunning}', 2), ('${released}', 5), ('${besideAllowed}', 8), ('${retrying}', 3), ('${allowed}', 7),
  ('${unknownHandler}', 9), ('${running}', 1), ('${besideReleased}', 6), ('${besideRetrying}', 4);
INSERT INTO runs VALUES
  (1, '${running}', 1, 1, 1, 1, 1, 1767614400000, 1, 1, 1, 't1', 1767614400000, NULL, 0, 2, NULL, NULL, NULL),
  (2, '${besideRunning}', 1, 1, 1, 1, 1, 1767614399000, 0, 1, NULL, NULL, NULL, NULL, 1, 0, NULL, NULL, '{"firedAt":1767614399000}'),
  (3, '${retrying}', 2, 2, 1, 1, 1, 1767614400000, 2, 1, NULL, 't2', 1767614400000, NULL, 1, 0, NULL,
    '{"code":"http_status","message":"503","retryable":true}', '{"firstStartedAt":1767614400000,"attempts":[{"attempt":1,"state":"failed",
    "startedAt":1767614400000,"finishedAt":1767614401000,"executor":"executor-1","error":{"code":"http_status","message":"503",
    "retryable":true}}],"failures":1,"wakeAt":1767618001000}'),
  (4, '${besideRetrying}', 2, 2, 1, 1, 1, 1767614460000, 0, 1, NULL, NULL, NULL, NULL, 1, 3, NULL, NULL, '{"firedAt":1767614460000}'),
  (5, '${released}', 3, 3, 2, 1, 1, 1767614400000, 0, 2, NULL, 't3', 1767614400001, NULL, 1, 0, NULL, NULL, '{"firedAt":1767614400000,
    "firstStartedAt":1767614400001,"attempts":[{"attempt":1,"state":"released","startedAt":1767614400001,"finishedAt":1767614401000,
    "executor":"executor-1","error":null}]}'),
  (6, '${besideReleased}', 3, 3, 2, 1, 1, 1767614460000, 0, 1, NULL, NULL, NULL, NULL, 1, 5, NULL, NULL, '{"firedAt":1767614460000}'),
  (7, '${allowed}', 4, 4, 3, 1, 1, 1767614400000, 1, 1, 1, 't4', 1767614400000, NULL, 0, 8, NULL, NULL, NULL),
  (8, '${besideAllowed}', 4, 4, 3, 1, 1, 1767614400000, 0, 1, NULL, NULL, NULL, NULL, 1, 0, NULL, NULL, '{"firedAt":1767614400000}'),
  (9, '${unknownHandler}', 5, 5, 4, 1, 1, 1767614400000, 0, 1, NULL, NULL, NULL, NULL, 1, 0, NULL, NULL,
    '{"firedAt":1767614400000,"reason":"unknown_handler","wakeAt":1767618000000}');
PRAGMA user_version = 1;
`;

/** Makes a file as the first release left it when it was killed. `changes`: SQL, of what else it wrote before. */
export function writeFirstRelease(file: string, changes = ""): void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; ${SCHEMA_1}; ${ROWS} ${changes}`);
  db.close();
}
