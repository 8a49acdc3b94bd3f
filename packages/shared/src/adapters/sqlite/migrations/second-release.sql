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
INSERT INTO "cursors" VALUES(1,1,0,1767614400000,NULL,0,10,1767614400000,5,1767614400000,'01KE70EHG0K1FV8PNZV16WCSWB',1,5,3,NULL,1767614401000,NULL,1,1,1767610800000,NULL);
INSERT INTO "cursors" VALUES(2,1,0,1767614460000,1767614400000,1,14,1767614400000,4,1767614400000,'01KE70EHG0FAFMC3RFJJVCTMSZ',1,4,3,1767614400000,1767614401000,'{"code":"http_status","message":"503","retryable":true}',2,2,1767610800000,NULL);
INSERT INTO "cursors" VALUES(3,1,0,1767614400000,NULL,0,17,1767614403000,-1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,3,3,1767610800000,NULL);
INSERT INTO "cursors" VALUES(4,1,1,1767614400000,NULL,0,0,NULL,-1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,4,2,1767610800000,NULL);
INSERT INTO "cursors" VALUES(5,1,2,NULL,NULL,0,0,NULL,-1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,5,2,1767610800000,NULL);
INSERT INTO "cursors" VALUES(6,1,0,1767614400000,NULL,0,0,NULL,-1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,6,2,1767610800000,NULL);
INSERT INTO "cursors" VALUES(7,2,3,NULL,NULL,0,18,1767614400000,-1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,7,2,1767614401000,NULL);
INSERT INTO "cursors" VALUES(8,2,0,1767614400000,NULL,0,20,1767614400000,-1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,9,2,1767610801000,NULL);
CREATE TABLE definitions (
  definition_key INTEGER PRIMARY KEY,
  job_key INTEGER NOT NULL,
  hash TEXT NOT NULL,
  traits_key INTEGER NOT NULL,
  body TEXT NOT NULL
);
INSERT INTO "definitions" VALUES(1,1,'9ed928f40e97420f38f453add556fdbf992dc339eee75eca',1,'{"name":"Nightly report","description":null,"tags":["finance","daily"],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":7200000,"overlap":"allow","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(2,2,'9ed928f40e97420f38f453add556fdbfab6a1c373d976d4d',2,'{"name":"Nightly report","description":"Sends the report.","tags":[],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(3,3,'9ed928f40e97420f38f453add556fdbfe2c4cca77c17bb0d',3,'{"name":"Nightly report","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"buffer_one","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(4,4,'9ed928f40e97420f38f453add556fdbf922a704876773d01',2,'{"name":"Nightly report","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(5,5,'9ed928f40e97420f38f453add556fdbf922a704876773d01',2,'{"name":"Nightly report","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(6,6,'9ed928f40e97420f38f453add556fdbf52c5b77fc1dea4d2',2,'{"name":"Another tenant''s","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(7,7,'9ed928f40e97420f38f453add556fdbf922a704876773d01',2,'{"name":"Nightly report","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(8,8,'9ed928f40e97420f38f453add556fdbf922a704876773d01',2,'{"name":"Nightly report","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/ping"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(9,8,'e365b8dd434a3584bd81155df57dfb41680a271037ba0812',2,'{"name":"Nightly report","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/other"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
INSERT INTO "definitions" VALUES(10,8,'5f404ae1b0eb26912179a73727a2fe3c0ca5e1dd9ae1a5c9',2,'{"name":"Nightly report","description":null,"tags":[],"handler":"http","params":{"url":"http://127.0.0.1/own"},"schedule":{"kind":"every","everyMs":60000,"startAt":null,"endAt":null,"maxRuns":null},"anchorAt":1767614400000,"queue":"default","retry":{"maxAttempts":3,"backoff":"exponential","delayMs":1000,"delayMaxMs":3600000,"jitter":"full","nonRetryable":[]},"timeoutMs":60000,"onUncertain":"rerun","expireAfterMs":null,"overlap":"skip","misfire":{"policy":"one","maxLatenessMs":86400000,"maxCount":100}}');
CREATE TABLE endings (
  seq INTEGER PRIMARY KEY,
  settled_at INTEGER NOT NULL,
  announced INTEGER NOT NULL,
  run_keys BLOB NOT NULL
);
INSERT INTO "endings" VALUES(1,1767614401000,1,X'000000000000F03F');
INSERT INTO "endings" VALUES(2,1767614401000,0,X'0000000000000040');
INSERT INTO "endings" VALUES(3,1767614401000,0,X'0000000000000840');
INSERT INTO "endings" VALUES(4,1767614401000,0,X'0000000000002040');
INSERT INTO "endings" VALUES(5,1767614400000,0,X'0000000000002A40');
INSERT INTO "endings" VALUES(6,1767614401000,0,X'0000000000002C40');
INSERT INTO "endings" VALUES(7,1767614403000,0,X'0000000000003140');
CREATE TABLE handlers (type TEXT PRIMARY KEY, description TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "handlers" VALUES('http','{"type":"http","description":null,"paramsSchema":{"type":"object"},"lastSeenAt":1767614400000}');
CREATE TABLE jobs (
  job_key INTEGER PRIMARY KEY,
  uid TEXT NOT NULL,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  slot INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
INSERT INTO "jobs" VALUES(1,'uid-default-allow','default','allow',425,1767610800000);
INSERT INTO "jobs" VALUES(2,'uid-default-scheduled','default','scheduled',667,1767610800000);
INSERT INTO "jobs" VALUES(3,'uid-default-buffered','default','buffered',859,1767610800000);
INSERT INTO "jobs" VALUES(4,'uid-default-paused','default','paused',882,1767610800000);
INSERT INTO "jobs" VALUES(5,'uid-default-finished','default','finished',190,1767610800000);
INSERT INTO "jobs" VALUES(6,'uid-other-allow','other','allow',1018,1767610800000);
INSERT INTO "jobs" VALUES(7,'uid-default-deleted','default','deleted',1021,1767610800000);
INSERT INTO "jobs" VALUES(8,'uid-default-edited','default','edited',197,1767610800000);
CREATE TABLE leaders (name TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "leaders" VALUES('scheduler','one',1796065836641);
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('decided',1767618000000);
INSERT INTO "meta" VALUES('incarnation',2);
INSERT INTO "meta" VALUES('indexed_to',5);
INSERT INTO "meta" VALUES('running_floor',0);
INSERT INTO "meta" VALUES('watermark',1767614460000);
CREATE TABLE outbox (seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL, slot INTEGER NOT NULL, event TEXT NOT NULL);
INSERT INTO "outbox" VALUES(2,'uid-default-scheduled-1-JobCreated',667,'{"id":"uid-default-scheduled-1-JobCreated","type":"JobCreated","source":"tickline/api","subject":"scheduled","time":1767610800000,"tenantId":"default","data":{"jobUid":"uid-default-scheduled","jobId":"scheduled","version":1,"state":"active","slot":667,"nextRunAt":1767614400000,"name":"Nightly report","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(3,'uid-default-buffered-1-JobCreated',859,'{"id":"uid-default-buffered-1-JobCreated","type":"JobCreated","source":"tickline/api","subject":"buffered","time":1767610800000,"tenantId":"default","data":{"jobUid":"uid-default-buffered","jobId":"buffered","version":1,"state":"active","slot":859,"nextRunAt":1767614400000,"name":"Nightly report","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(4,'uid-default-paused-1-JobCreated',882,'{"id":"uid-default-paused-1-JobCreated","type":"JobCreated","source":"tickline/api","subject":"paused","time":1767610800000,"tenantId":"default","data":{"jobUid":"uid-default-paused","jobId":"paused","version":1,"state":"paused","slot":882,"nextRunAt":1767614400000,"name":"Nightly report","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(5,'uid-default-finished-1-JobCreated',190,'{"id":"uid-default-finished-1-JobCreated","type":"JobCreated","source":"tickline/api","subject":"finished","time":1767610800000,"tenantId":"default","data":{"jobUid":"uid-default-finished","jobId":"finished","version":1,"state":"finished","slot":190,"nextRunAt":null,"name":"Nightly report","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(6,'uid-other-allow-1-JobCreated',1018,'{"id":"uid-other-allow-1-JobCreated","type":"JobCreated","source":"tickline/api","subject":"allow","time":1767610800000,"tenantId":"other","data":{"jobUid":"uid-other-allow","jobId":"allow","version":1,"state":"active","slot":1018,"nextRunAt":1767614400000,"name":"Another tenant''s","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(7,'uid-default-deleted-1-JobCreated',1021,'{"id":"uid-default-deleted-1-JobCreated","type":"JobCreated","source":"tickline/api","subject":"deleted","time":1767610800000,"tenantId":"default","data":{"jobUid":"uid-default-deleted","jobId":"deleted","version":1,"state":"active","slot":1021,"nextRunAt":1767614400000,"name":"Nightly report","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(8,'uid-default-deleted-2-JobDeleted',1021,'{"id":"uid-default-deleted-2-JobDeleted","type":"JobDeleted","source":"tickline/api","subject":"deleted","time":1767610800000,"tenantId":"default","data":{"jobUid":"uid-default-deleted","jobId":"deleted","version":2,"state":"deleted","slot":1021,"nextRunAt":null,"name":"Nightly report","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(9,'uid-default-edited-1-JobCreated',197,'{"id":"uid-default-edited-1-JobCreated","type":"JobCreated","source":"tickline/api","subject":"edited","time":1767610800000,"tenantId":"default","data":{"jobUid":"uid-default-edited","jobId":"edited","version":1,"state":"active","slot":197,"nextRunAt":1767614400000,"name":"Nightly report","handler":"http","queue":"default"}}');
INSERT INTO "outbox" VALUES(10,'uid-default-edited-2-JobUpdated',197,'{"id":"uid-default-edited-2-JobUpdated","type":"JobUpdated","source":"tickline/api","subject":"edited","time":1767610801000,"tenantId":"default","data":{"jobUid":"uid-default-edited","jobId":"edited","version":2,"state":"active","slot":197,"nextRunAt":1767614400000,"name":"Nightly report","handler":"http","queue":"default"}}');
CREATE TABLE owners (
  owner_key INTEGER PRIMARY KEY,
  incarnation INTEGER NOT NULL,
  executor TEXT NOT NULL,
  lease_ms INTEGER NOT NULL
);
INSERT INTO "owners" VALUES(1,1,'executor-1',15000);
CREATE TABLE requests (
  tenant TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  value TEXT NOT NULL,
  bound_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, scope, key)
) WITHOUT ROWID;
INSERT INTO "requests" VALUES('default','create','k','hash','uid-1',1767614400000);
CREATE TABLE run_ids (run_id TEXT PRIMARY KEY, run_key INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "run_ids" VALUES('01KE70EHG02E55FEV7AWKF31C1',4);
INSERT INTO "run_ids" VALUES('01KE70EHG0343WZZGZNKW3FYYC',5);
INSERT INTO "run_ids" VALUES('01KE70EHG0832W91HD0FVZ6RMB',3);
INSERT INTO "run_ids" VALUES('01KE70EHG08FYABVNTV2A6SNHQ',2);
INSERT INTO "run_ids" VALUES('01KE70EHG0V08GRK2F0D5GFNBK',1);
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
INSERT INTO "runs" VALUES(1,'01KE70EHG0V08GRK2F0D5GFNBK',1,1,1,1,1,1767614400000,3,1,1,'t-01KE70EHG0V08GRK2F0D5GFNBK',1767614400000,1767614401000,0,6,'{"ok":true,"text":"grüße"}',NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(2,'01KE70EHG08FYABVNTV2A6SNHQ',1,1,1,1,1,1767614400000,4,1,1,'t-01KE70EHG08FYABVNTV2A6SNHQ',1767614400000,1767614401000,0,3,NULL,'{"code":"http_status","message":"503","retryable":true,"stack":"at handler"}','{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(3,'01KE70EHG0832W91HD0FVZ6RMB',1,1,1,1,1,1767614400000,5,1,1,'t-01KE70EHG0832W91HD0FVZ6RMB',1767614400000,1767614401000,0,5,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(4,'01KE70EHG02E55FEV7AWKF31C1',1,1,1,1,1,1767614400000,2,1,NULL,'t-01KE70EHG02E55FEV7AWKF31C1',1767614400000,NULL,1,11,NULL,'{"code":"http_status","message":"503","retryable":true,"stack":"at retry"}','{"firedAt":1767614400000,"firstStartedAt":1767614400000,"attempts":[{"attempt":1,"state":"failed","startedAt":1767614400000,"finishedAt":1767614400000,"executor":"executor-1","error":{"code":"http_status","message":"503","retryable":true,"stack":"at retry"}}],"failures":1,"wakeAt":1767618000000}');
INSERT INTO "runs" VALUES(5,'01KE70EHG0343WZZGZNKW3FYYC',1,1,1,1,1,1767614400000,0,2,NULL,'t-01KE70EHG0343WZZGZNKW3FYYC',1767614400000,NULL,1,4,NULL,NULL,'{"firedAt":1767614400000,"firstStartedAt":1767614400000,"attempts":[{"attempt":1,"state":"released","startedAt":1767614400000,"finishedAt":1767614401000,"executor":"executor-1","error":null}],"dueAt":1767614401000}');
INSERT INTO "runs" VALUES(6,'01KE70EHG0S3NPFA33C2KP3SMX',1,1,1,1,1,1767614400000,1,1,1,'t-01KE70EHG0S3NPFA33C2KP3SMX',1767614400000,NULL,1,8,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(7,'01KE70EHG0GHNA30AVN2JRG0Y6',1,1,1,1,1,1767614400000,1,1,1,'t-01KE70EHG0GHNA30AVN2JRG0Y6',1767614400000,NULL,1,21,NULL,NULL,'{"firedAt":1767614400000,"cancelRequested":true,"cancel":{"requestedAt":1767614401000,"by":{"kind":"command","source":"billing","commandId":"c-1"}}}');
INSERT INTO "runs" VALUES(8,'01KE70EHG0K1FV8PNZV16WCSWB',1,1,1,1,1,1767614400000,5,1,NULL,NULL,NULL,1767614401000,0,7,NULL,NULL,'{"firedAt":1767614400000,"cancel":{"requestedAt":1767614401000,"by":{"kind":"api","address":null,"userAgent":null}},"reason":"cancelled"}');
INSERT INTO "runs" VALUES(9,'01KE70EHG0E8FJM402PG9BG468',1,1,1,1,1,1767614400000,0,1,NULL,NULL,NULL,NULL,1,12,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(10,'01KE70EHG0YVVP9Z9NN42BDBHP',1,1,1,1,1,1767614400000,0,1,NULL,NULL,NULL,NULL,1,1,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(11,'01KE70EHG0274P1WZTJ0YSPYJT',1,1,1,1,1,1767614400000,0,1,NULL,NULL,NULL,NULL,1,0,NULL,NULL,'{"firedAt":1767614400000,"reason":"unknown_handler","wakeAt":1767618000000}');
INSERT INTO "runs" VALUES(12,'01KE70EHG0AN69RPGDQ8VT5ZTD',1,1,1,1,1,1767614400000,0,1,NULL,NULL,NULL,NULL,1,2,NULL,NULL,'{"firedAt":1767614400000,"reason":"job_workers","wakeAt":1767618000000}');
INSERT INTO "runs" VALUES(13,'01KE6X0NW0E4AD0YVFGD95JVQV',2,2,2,1,0,1767610800000,8,1,NULL,NULL,NULL,1767614400000,0,0,NULL,NULL,'{"count":3,"scheduledForLast":1767614340000,"reason":"misfire"}');
INSERT INTO "runs" VALUES(14,'01KE70EHG0FAFMC3RFJJVCTMSZ',2,2,2,1,0,1767614400000,4,1,1,'by-fire',1767614400000,1767614401000,0,13,NULL,'{"code":"http_status","message":"503","retryable":true}',NULL);
INSERT INTO "runs" VALUES(15,'01KE70EHG0TMGYFNQ8T5EWCJ6X',3,3,3,1,1,1767614400000,1,1,1,'t-01KE70EHG0TMGYFNQ8T5EWCJ6X',1767614401000,NULL,1,0,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(16,'01KE70EKEG4PRXHCM8G18XM7WR',3,3,3,1,1,1767614402000,0,1,NULL,NULL,NULL,NULL,1,15,NULL,NULL,'{"firedAt":1767614402000,"reason":"overlap","waitMs":10000,"wakeAt":1767614412000}');
INSERT INTO "runs" VALUES(17,'01KE70EMDRWBH0F32PS8KKCED5',3,3,3,1,1,1767614403000,7,1,NULL,NULL,NULL,1767614403000,0,16,NULL,NULL,'{"firedAt":1767614403000,"reason":"overlap"}');
INSERT INTO "runs" VALUES(18,'01KE70EHG0K8KNN3FEV01AJB15',7,7,2,1,1,1767614400000,0,1,NULL,NULL,NULL,NULL,1,0,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(19,'01KE70EHG0DX1SATDFM7AGEGDQ',8,8,2,1,1,1767614400000,0,1,NULL,NULL,NULL,NULL,1,0,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(20,'01KE70EHG0TQR8696VZ5A3SNSD',8,10,2,2,1,1767614400000,0,1,NULL,NULL,NULL,NULL,1,19,NULL,NULL,'{"firedAt":1767614400000}');
INSERT INTO "runs" VALUES(21,'01KE70EHG0FC8EF8KDVHX90YES',1,1,1,1,2,1767614400000,0,1,NULL,NULL,NULL,NULL,1,9,NULL,NULL,'{"retryOf":"01KE70EHG0V08GRK2F0D5GFNBK","firedAt":1767614400000}');
CREATE TABLE traits (
  traits_key INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  handler TEXT NOT NULL,
  expire_after_ms INTEGER,
  on_uncertain TEXT NOT NULL
, overlap TEXT NOT NULL DEFAULT 'skip');
INSERT INTO "traits" VALUES(1,'default','http',7200000,'rerun','allow');
INSERT INTO "traits" VALUES(2,'default','http',NULL,'rerun','skip');
INSERT INTO "traits" VALUES(3,'default','http',NULL,'rerun','buffer_one');
CREATE INDEX jobs_by_id ON jobs (tenant, id);
CREATE UNIQUE INDEX jobs_by_uid ON jobs (uid);
CREATE INDEX jobs_by_age ON jobs (tenant, created_at, uid);
CREATE UNIQUE INDEX definitions_by_hash ON definitions (job_key, hash);
CREATE INDEX runs_parked ON runs (job_key) WHERE parked = 1;
CREATE INDEX runs_unusual ON runs (state, run_id) WHERE state > 3;
CREATE INDEX runs_asked_for ON runs (cause, run_id) WHERE cause > 0;
CREATE INDEX endings_by_time ON endings (settled_at);
CREATE INDEX endings_unannounced ON endings (seq) WHERE announced = 0;
CREATE INDEX requests_by_age ON requests (bound_at);
PRAGMA user_version = 2;
