/**
 * Plain tables with an index for each question, where the versions before kept their indexes in memory and in chains of rows. What cannot be
 * read of a row of theirs becomes a number, a text or nothing; a run whose job is gone is left out, as they left it out.
 */
const runState = (code: string): string =>
  `CASE ${code} WHEN 0 THEN 'due' WHEN 1 THEN 'running' WHEN 2 THEN 'retrying' WHEN 3 THEN 'succeeded' WHEN 4 THEN 'failed'
     WHEN 5 THEN 'cancelled' WHEN 6 THEN 'lost' WHEN 7 THEN 'skipped' WHEN 8 THEN 'missed' ELSE 'unknown ' || ${code} END`;
/** Null where the text is no JSON. */
const json = (text: string): string => `iif(json_valid(${text}), ${text}, NULL)`;
/** A whole number, whatever stands there; null stays null. */
const whole = (value: string): string => `CAST(${value} AS INTEGER)`;
/** A text, whatever stands there; null stays null. */
const text = (value: string): string => `CAST(${value} AS TEXT)`;
const extra = (field: string): string => `json_extract(extra, '$.${field}')`;

/** The keys of runs that one row of `endings` holds as 64-bit numbers, as JSON. */
export function keysAsJson(bytes: unknown): string {
  const keys = bytes instanceof Uint8Array ? new Float64Array(bytes.slice(0, bytes.length - (bytes.length % 8)).buffer) : [];
  return JSON.stringify([...keys].filter(Number.isSafeInteger));
}

export const PLAIN_TABLES_3 = `
ALTER TABLE jobs RENAME TO old_jobs;
ALTER TABLE definitions RENAME TO old_definitions;
ALTER TABLE runs RENAME TO old_runs;
ALTER TABLE outbox RENAME TO old_outbox;

CREATE TABLE jobs (
  job_key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  slot INTEGER NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  next_run_at INTEGER,
  last_scheduled_for INTEGER,
  fired_count INTEGER NOT NULL,
  misfires TEXT,
  status TEXT NOT NULL,
  status_order TEXT,
  last_run TEXT,
  definition_key INTEGER NOT NULL,
  name TEXT NOT NULL,
  tags TEXT NOT NULL,
  queue TEXT NOT NULL,
  handler TEXT NOT NULL,
  overlap TEXT NOT NULL,
  on_uncertain TEXT NOT NULL,
  expire_after_ms INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE definitions (
  definition_key INTEGER PRIMARY KEY AUTOINCREMENT,
  job_key INTEGER NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  unused_since INTEGER,
  last_run_id TEXT
) STRICT;

CREATE TABLE runs (
  run_key INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  job_key INTEGER NOT NULL,
  definition_key INTEGER NOT NULL,
  named_definition INTEGER,
  job_version INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  queue TEXT NOT NULL,
  handler TEXT NOT NULL,
  overlap TEXT NOT NULL,
  on_uncertain TEXT NOT NULL,
  cause TEXT NOT NULL,
  scheduled_for INTEGER NOT NULL,
  count INTEGER NOT NULL DEFAULT 1,
  scheduled_for_last INTEGER,
  retry_of TEXT,
  fired_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  standing TEXT,
  reason TEXT,
  attempt INTEGER NOT NULL DEFAULT 1,
  failures INTEGER NOT NULL DEFAULT 0,
  rescues INTEGER NOT NULL DEFAULT 0,
  token TEXT,
  executor TEXT,
  lease_ms INTEGER,
  lease_ends_at INTEGER,
  started_at INTEGER,
  first_started_at INTEGER,
  finished_at INTEGER,
  settled_at INTEGER,
  due_at INTEGER,
  expires_at INTEGER,
  wake_at INTEGER,
  repeat_ms INTEGER,
  wait_ms INTEGER,
  aside_at INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  cancel TEXT,
  past_attempts TEXT,
  output TEXT,
  error TEXT
) STRICT;

CREATE TABLE unannounced (settled_at INTEGER NOT NULL, run_id TEXT NOT NULL, PRIMARY KEY (settled_at, run_id)) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  job_uid TEXT NOT NULL,
  slot INTEGER NOT NULL,
  event TEXT NOT NULL
) STRICT;

INSERT INTO definitions (definition_key, job_key, hash, body, unused_since, last_run_id)
  SELECT definitions.definition_key, ${whole("definitions.job_key")}, ${text("hash")}, ${text("body")},
    iif(definitions.definition_key IS cursors.definition_key, NULL, 0), '~'
  FROM old_definitions AS definitions LEFT JOIN cursors USING (job_key);
UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT value FROM meta WHERE name = 'last_definition'), 0)) WHERE name = 'definitions';

INSERT INTO jobs (job_key, uid, tenant_id, id, slot, version, state, next_run_at, last_scheduled_for, fired_count, misfires, status,
    status_order, last_run, definition_key, name, tags, queue, handler, overlap, on_uncertain, expire_after_ms, created_at, updated_at)
  SELECT jobs.job_key, uid, tenant, id, ${whole("slot")}, ${whole("version")},
    CASE state WHEN 0 THEN 'active' WHEN 1 THEN 'paused' WHEN 2 THEN 'finished' WHEN 3 THEN 'deleted' WHEN 4 THEN 'forgotten'
      ELSE 'unknown ' || state END,
    ${whole("next_run_at")}, ${whole("last_scheduled_for")}, ${whole("coalesce(fired_count, 0)")}, ${text("misfires")},
    iif(status = -1, 'pending', ${runState("status")}),
    iif(last_run_id IS NULL, NULL, printf('%015d%s%08d%d', last_scheduled, last_run_id, last_attempt, last_rank)),
    iif(last_run_id IS NULL, NULL, json_object('runId', ${text("last_run_id")}, 'state', ${runState("last_state")}, 'scheduledFor', ${whole("last_scheduled")},
      'startedAt', ${whole("last_started_at")}, 'finishedAt', ${whole("last_finished_at")}, 'attempt', ${whole("last_attempt")}, 'error', json(${json("last_error")}))),
    coalesce(${whole("cursors.definition_key")}, 0), ${text(`coalesce(json_extract(${json("body")}, '$.name'), id)`)},
    ${text(`coalesce(json_extract(${json("body")}, '$.tags'), '[]')`)}, ${text("coalesce(queue, 'default')")}, ${text("coalesce(handler, 'unknown')")},
    ${text("coalesce(overlap, 'skip')")}, ${text("coalesce(on_uncertain, 'skip')")}, ${whole("expire_after_ms")}, ${whole("created_at")}, ${whole("coalesce(updated_at, created_at)")}
  FROM old_jobs AS jobs JOIN cursors USING (job_key) LEFT JOIN traits USING (traits_key)
    LEFT JOIN old_definitions AS definitions ON definitions.definition_key = cursors.definition_key
  WHERE typeof(uid) = 'text' AND typeof(tenant) = 'text' AND typeof(id) = 'text' AND version IS NOT NULL;

CREATE TEMP TABLE ended (run_key INTEGER PRIMARY KEY, settled_at INTEGER NOT NULL, announced INTEGER NOT NULL);
INSERT OR IGNORE INTO ended SELECT ${whole("value")}, ${whole("settled_at")}, announced FROM endings, json_each(keys_as_json(run_keys));

INSERT INTO runs (run_key, run_id, job_key, definition_key, named_definition, job_version, slot, queue, handler, overlap, on_uncertain, cause,
    scheduled_for, count, scheduled_for_last, retry_of, fired_at, state, standing, reason, attempt, failures, rescues, token, executor,
    lease_ms, started_at, first_started_at, finished_at, settled_at, due_at, expires_at, wake_at, wait_ms, cancel_requested, cancel,
    past_attempts, output, error)
  SELECT run_key, run_id, job_key, definition_key, iif(definition_key IS own_definition, NULL, definition_key), version, slot, queue, handler, overlap,
    on_uncertain, cause, scheduled_for, coalesce(${whole(extra("count"))}, 1), ${whole(extra("scheduledForLast"))}, ${text(extra("retryOf"))},
    coalesce(${whole(extra("firedAt"))}, started_at, scheduled_for), state,
    CASE WHEN state IN ('running', 'retrying') THEN state WHEN state <> 'due' THEN NULL
      WHEN ${extra("reason")} = 'unknown_handler' THEN 'unhandled' WHEN ${extra("wakeAt")} IS NULL THEN 'publishable'
      WHEN ${extra("reason")} = 'overlap' AND overlap <> 'allow' THEN 'waiting' ELSE 'deferred' END,
    ${text(extra("reason"))}, attempt, coalesce(${whole(extra("failures"))}, 0), coalesce(${whole(extra("rescues"))}, 0), token, executor, lease_ms,
    started_at, coalesce(${whole(extra("firstStartedAt"))}, started_at), finished_at,
    iif(state IN ('due', 'running', 'retrying'), NULL, coalesce(settled_at, finished_at)),
    iif(state = 'due', coalesce(${whole(extra("dueAt"))}, ${whole(extra("firedAt"))}, scheduled_for), NULL),
    iif(state = 'due' AND started_at IS NULL, ${whole("scheduled_for + expire_after_ms + 1")}, NULL),
    iif(state = 'retrying', coalesce(${whole(extra("wakeAt"))}, 0), ${whole(extra("wakeAt"))}), ${whole(extra("waitMs"))},
    iif(${extra("cancelRequested")}, 1, 0), ${text(extra("cancel"))}, ${text(extra("attempts"))}, output, error
  FROM (
    SELECT runs.run_key, run_id, ${whole("runs.job_key")} AS job_key, ${whole("runs.definition_key")} AS definition_key,
      cursors.definition_key AS own_definition, ${whole("runs.version")} AS version, jobs.slot AS slot,
      ${text("coalesce(traits.queue, 'default')")} AS queue, ${text("coalesce(traits.handler, 'unknown')")} AS handler,
      ${text("coalesce(traits.overlap, 'skip')")} AS overlap, ${text("coalesce(traits.on_uncertain, 'skip')")} AS on_uncertain, ${whole("traits.expire_after_ms")} AS expire_after_ms,
      CASE cause WHEN 0 THEN 'schedule' WHEN 1 THEN 'manual' WHEN 2 THEN 'retry' ELSE 'unknown ' || cause END AS cause,
      ${whole("scheduled_for")} AS scheduled_for, ${runState("runs.state")} AS state, coalesce(${whole("attempt")}, 1) AS attempt,
      ${text("token")} AS token, ${text("executor")} AS executor, ${whole("lease_ms")} AS lease_ms,
      ${whole("started_at")} AS started_at, ${whole("finished_at")} AS finished_at, ended.settled_at, ${text("output")} AS output, ${text("error")} AS error,
      ${json("extra")} AS extra
    FROM old_runs AS runs JOIN jobs USING (job_key) LEFT JOIN cursors USING (job_key)
      LEFT JOIN traits ON traits.traits_key = runs.traits_key LEFT JOIN owners USING (owner_key) LEFT JOIN ended USING (run_key)
    WHERE typeof(run_id) = 'text' AND runs.run_key IN (SELECT max(run_key) FROM old_runs GROUP BY run_id)
  )
  ORDER BY run_key;
INSERT INTO unannounced SELECT runs.settled_at, run_id FROM ended JOIN runs USING (run_key) WHERE announced = 0 AND runs.settled_at IS NOT NULL;
INSERT OR IGNORE INTO outbox SELECT seq, ${text("event_id")}, ${text(`coalesce(json_extract(${json("event")}, '$.data.jobUid'), '')`)}, ${whole("slot")},
  ${text("event")} FROM old_outbox;

DROP TABLE temp.ended;
DROP TABLE old_jobs;
DROP TABLE cursors;
DROP TABLE old_definitions;
DROP TABLE traits;
DROP TABLE owners;
DROP TABLE old_runs;
DROP TABLE run_ids;
DROP TABLE endings;
DROP TABLE old_outbox;
DELETE FROM meta WHERE name IN ('incarnation', 'indexed_to', 'running_floor', 'last_definition');

CREATE UNIQUE INDEX jobs_by_uid ON jobs (uid);
CREATE INDEX jobs_by_id ON jobs (tenant_id, id);
CREATE INDEX jobs_by_age ON jobs (tenant_id, created_at, uid);
CREATE INDEX jobs_due ON jobs (next_run_at, uid) WHERE state = 'active' AND next_run_at IS NOT NULL;
CREATE INDEX jobs_deleted ON jobs (updated_at) WHERE state = 'deleted';
CREATE UNIQUE INDEX definitions_by_hash ON definitions (job_key, hash);
CREATE INDEX definitions_unused ON definitions (unused_since) WHERE unused_since IS NOT NULL;
CREATE UNIQUE INDEX runs_by_id ON runs (run_id);
CREATE INDEX runs_by_job ON runs (job_key, run_id);
CREATE INDEX runs_open ON runs (job_key, standing, queue, handler, run_id) WHERE standing IS NOT NULL;
CREATE INDEX runs_by_queue ON runs (standing, queue, run_id) WHERE standing <> 'running';
CREATE INDEX runs_due ON runs (due_at, run_id) WHERE due_at IS NOT NULL;
CREATE INDEX runs_to_wake ON runs (standing, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX runs_expiring ON runs (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX runs_orphaned ON runs (lease_ends_at) WHERE lease_ends_at IS NOT NULL;
CREATE INDEX runs_settled ON runs (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX runs_by_state ON runs (state, run_id) WHERE settled_at IS NOT NULL AND state <> 'succeeded';
CREATE INDEX runs_of_job_by_state ON runs (job_key, state, run_id) WHERE settled_at IS NOT NULL AND state <> 'succeeded';
CREATE INDEX runs_by_cause ON runs (cause, run_id) WHERE cause <> 'schedule';
CREATE INDEX runs_by_named_definition ON runs (named_definition) WHERE named_definition IS NOT NULL;
CREATE INDEX outbox_by_job ON outbox (job_uid);
`;
