/**
 * The tables, version 1. What every run touches is narrow and apart from what is read rarely, and has no secondary index:
 *
 * - `runs` are keyed by a number that only grows, so that inserts and settlements fall on the right edge of the table;
 *   ids that share one millisecond are random among themselves, and as a key they cost twice the pages. `run_ids` finds
 *   a run by its id; it is filled in deferred, sorted batches, and what it does not hold yet has a greater key than
 *   `indexed_to` in `meta`.
 * - The history of a job is a chain: `cursors.head` is its newest run by run id, `runs.prev` the next older one. The
 *   fire writes both rows anyway; an index by job would cost it a random page.
 * - `runs_parked` holds runs that somebody may have to find after a crash, and is never touched by a run that a fire
 *   claimed in its own write: those that were running at a crash have a greater key than `running_floor`, or are parked.
 * - `runs_unusual` and `runs_asked_for` find what people look for among a million runs; the usual run, of a schedule and
 *   succeeded, is in neither.
 * - `endings` has one row for all runs that one write ended: what is to be announced, folded and at last forgotten.
 */
export const SCHEMA_1 = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('incarnation', 0), ('indexed_to', 0), ('running_floor', 0), ('watermark', 0);

CREATE TABLE jobs (
  job_key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  slot INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX jobs_by_id ON jobs (tenant, id);
CREATE UNIQUE INDEX jobs_by_uid ON jobs (uid);
CREATE INDEX jobs_by_age ON jobs (tenant, created_at, uid);

CREATE TABLE cursors (
  job_key INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  state INTEGER NOT NULL,
  next_run_at INTEGER,
  last_scheduled_for INTEGER,
  fired_count INTEGER NOT NULL,
  head INTEGER NOT NULL,
  head_at INTEGER,
  status INTEGER NOT NULL,
  last_scheduled INTEGER,
  last_run_id TEXT,
  last_attempt INTEGER,
  last_state INTEGER,
  last_rank INTEGER,
  last_started_at INTEGER,
  last_finished_at INTEGER,
  last_error TEXT,
  definition_key INTEGER NOT NULL,
  traits_key INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  misfires TEXT
);

CREATE TABLE definitions (
  definition_key INTEGER PRIMARY KEY,
  job_key INTEGER NOT NULL,
  hash TEXT NOT NULL,
  traits_key INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX definitions_by_hash ON definitions (job_key, hash);

CREATE TABLE traits (
  traits_key INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  handler TEXT NOT NULL,
  expire_after_ms INTEGER,
  exclusive INTEGER NOT NULL,
  on_uncertain TEXT NOT NULL
);

CREATE TABLE owners (
  owner_key INTEGER PRIMARY KEY,
  incarnation INTEGER NOT NULL,
  executor TEXT NOT NULL,
  lease_ms INTEGER NOT NULL
);

CREATE TABLE runs (
  run_key INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  job_key INTEGER NOT NULL,
  definition_key INTEGER NOT NULL,
  traits_key INTEGER NOT NULL,
  version INTEGER NOT NULL,
  cause INTEGER NOT NULL,
  scheduled_for INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  owner_key INTEGER,
  token TEXT,
  started_at INTEGER,
  finished_at INTEGER,
  parked INTEGER NOT NULL DEFAULT 0,
  prev INTEGER NOT NULL,
  output TEXT,
  error TEXT,
  extra TEXT
);
CREATE INDEX runs_parked ON runs (job_key) WHERE parked = 1;
CREATE INDEX runs_unusual ON runs (state, run_id) WHERE state > 3;
CREATE INDEX runs_asked_for ON runs (cause, run_id) WHERE cause > 0;
CREATE TABLE run_ids (run_id TEXT PRIMARY KEY, run_key INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE endings (
  seq INTEGER PRIMARY KEY,
  settled_at INTEGER NOT NULL,
  announced INTEGER NOT NULL,
  run_keys BLOB NOT NULL
);
CREATE INDEX endings_by_time ON endings (settled_at);
CREATE INDEX endings_unannounced ON endings (seq) WHERE announced = 0;

CREATE TABLE outbox (seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL, slot INTEGER NOT NULL, event TEXT NOT NULL);
CREATE TABLE requests (
  tenant TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  value TEXT NOT NULL,
  bound_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, scope, key)
) WITHOUT ROWID;
CREATE INDEX requests_by_age ON requests (bound_at);
CREATE TABLE handlers (type TEXT PRIMARY KEY, description TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE leaders (name TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
`;
