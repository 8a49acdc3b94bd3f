import { z } from "zod";
import { BUILT_IN_QUEUES, QueueNameSchema, TIMEOUT_MS_MAX } from "../domain/job-definition.ts";
import { LEASE_DEFAULTS } from "../domain/lease-limits.ts";
import { RETENTION_MS_MIN } from "../domain/time-limits.ts";
import { RESERVED_PERCENT_MAX, WORKER_SHARE_DEFAULTS } from "../domain/worker-shares.ts";
import { settingOf, wholeNumber } from "./config.ts";

/** Settings that several kinds of processes have, each said once. */
export const hostSetting = settingOf({
  env: "HOST",
  flag: "host",
  placeholder: "ADDRESS",
  fallback: "127.0.0.1",
  schema: z.string().min(1),
  description: "Address to listen on. There is no authentication yet: an address others can reach lets them run jobs.",
});

export const portSetting = settingOf({
  env: "PORT",
  flag: "port",
  placeholder: "PORT",
  fallback: "7070",
  schema: wholeNumber(0, 65_535),
  description: "Port to listen on; 0 takes a free one.",
});

const hostList = z
  .string()
  .optional()
  .transform((text) => text?.split(",").map((name) => name.trim().toLowerCase()) ?? [])
  .pipe(z.array(z.string().regex(/^([a-z0-9_.-]+|\[[0-9a-f:.]+\])$/, "must be host names or addresses without ports, by commas")));

export const allowedHostsSetting = settingOf({
  env: "ALLOWED_HOSTS",
  flag: null,
  placeholder: "NAMES",
  fallback: null,
  schema: hostList,
  description:
    "Host names that requests may be for besides `localhost`, `127.0.0.1` and `[::1]`, by commas and without ports, as behind a proxy. On an address others can reach all are served unless some are named here.",
});

export const handlersDirSetting = settingOf({
  env: "HANDLERS_DIR",
  flag: "handlers",
  placeholder: "DIR",
  fallback: null,
  schema: z.string().min(1).optional(),
  description: "Folder with handlers of your own, one `.ts`, `.js` or `.mjs` file each.",
});

export const queuesSetting = settingOf({
  env: "QUEUES",
  flag: null,
  placeholder: "NAMES",
  fallback: BUILT_IN_QUEUES.join(","),
  schema: z
    .string()
    .transform((text) => text.split(",").map((name) => name.trim()))
    .pipe(z.array(QueueNameSchema).min(1)),
  description: "Queues that jobs may use, by commas.",
});

export const externalQueuesSetting = settingOf({
  env: "EXTERNAL_QUEUES",
  flag: null,
  placeholder: "NAMES",
  fallback: null,
  schema: z
    .string()
    .optional()
    .transform((text) => text?.split(",").map((name) => name.trim()) ?? [])
    .pipe(z.array(QueueNameSchema)),
  description:
    "Queues of foreign executors, by commas and apart from `QUEUES`; the same in all processes. Jobs on them may name any handler, and what is said of their runs on `tickline.reports` is taken in.",
});

export const workersMaxSetting = settingOf({
  env: "WORKERS_MAX",
  flag: "workers",
  placeholder: "COUNT",
  fallback: "200",
  schema: wholeNumber(1, 10_000),
  description: "Handlers that run at once. They share one thread, so more helps only while they wait for others.",
});

export const queueWorkersPercentSetting = settingOf({
  env: "QUEUE_WORKERS_PERCENT",
  flag: null,
  placeholder: "PERCENT",
  fallback: String(WORKER_SHARE_DEFAULTS.queueWorkersPercent),
  schema: wholeNumber(0, RESERVED_PERCENT_MAX),
  description:
    "Percent of the workers that each queue has for itself, so that handlers that hang in one queue leave the others theirs: at least one worker, in the order of `QUEUES`, as long as half of them stay for all queues. 0: none has any.",
});

export const jobWorkersPercentSetting = settingOf({
  env: "JOB_WORKERS_PERCENT",
  flag: null,
  placeholder: "PERCENT",
  fallback: String(WORKER_SHARE_DEFAULTS.jobWorkersPercent),
  schema: wholeNumber(1, 100),
  description: "Percent of the workers that runs of one job hold at most, at least one worker; a job with `workersMax` says for itself.",
});

export const timeoutMaxMsSetting = settingOf({
  env: "TIMEOUT_MAX_MS",
  flag: null,
  placeholder: "MS",
  fallback: String(TIMEOUT_MS_MAX),
  schema: wholeNumber(1, TIMEOUT_MS_MAX),
  description:
    "Largest `timeoutMs` that a job may be given, in milliseconds. Jobs that have a larger one keep it. Less than a day frees workers of handlers that hang the sooner.",
});

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A number of days, read as milliseconds. */
export const daysSetting = (
  env: string,
  { fallback, min = 1, description }: { readonly fallback: string; readonly min?: number; readonly description: string },
) =>
  settingOf({
    env,
    flag: null,
    placeholder: "DAYS",
    fallback,
    schema: wholeNumber(min, 3_650).transform((count) => count * DAY_MS),
    description,
  });

export const topicRetentionSetting = daysSetting("TOPIC_RETENTION_DAYS", {
  fallback: "3",
  description: "Days for which topics keep messages. The store remembers; a topic has to outlive only what readers may be away.",
});

export const retentionSetting = daysSetting("RETENTION_DAYS", {
  fallback: "7",
  min: RETENTION_MS_MIN / DAY_MS,
  description: "Days for which finished runs are kept.",
});

export const drainMsSetting = settingOf({
  env: "DRAIN_MS",
  flag: null,
  placeholder: "MS",
  fallback: "10000",
  schema: wholeNumber(0, 3_600_000),
  description: "Milliseconds that running handlers get to finish at shutdown, before they are aborted and run again at the next start.",
});

export const drainNoticeSetting = settingOf({
  env: "DRAIN_NOTICE_MS",
  flag: null,
  placeholder: "MS",
  fallback: "2000",
  schema: wholeNumber(0, 3_600_000),
  description:
    "Milliseconds for which the api still serves at shutdown while `/readyz` is 503 already: as long as a load balancer needs to notice. 0 where there is none.",
});

const milliseconds = (
  env: string,
  { fallback, min, description }: { readonly fallback: number; readonly min: number; readonly description: string },
) => settingOf({ env, flag: null, placeholder: "MS", fallback: String(fallback), schema: wholeNumber(min, HOUR_MS), description });

export const leaseMsSetting = milliseconds("LEASE_MS", {
  fallback: LEASE_DEFAULTS.leaseMs,
  min: 1,
  description:
    "Milliseconds for which an executor has the right to run an attempt after each renewal; the same in executors and schedulers. What an executor that was killed was running starts again after some 10 s more. Long enough for a failover of the store: `LEASE_MS - LEASE_MARGIN_MS` must be at least `2 * HEARTBEAT_MS + STORE_FAILOVER_MS + 1000`.",
});

export const heartbeatMsSetting = milliseconds("HEARTBEAT_MS", {
  fallback: LEASE_DEFAULTS.heartbeatMs,
  min: 1,
  description:
    "Milliseconds between two renewals of the leases; the same in executors and schedulers. An answer is waited for as long, and then the renewal is sent anew.",
});

export const leaseMarginMsSetting = milliseconds("LEASE_MARGIN_MS", {
  fallback: LEASE_DEFAULTS.leaseMarginMs,
  min: 1,
  description:
    "Milliseconds before the end of its lease at which a handler is aborted whose lease could not be renewed. The process ends with the lease if it has not ended.",
});

export const storeFailoverMsSetting = milliseconds("STORE_FAILOVER_MS", {
  fallback: LEASE_DEFAULTS.storeFailoverMs,
  min: 0,
  description:
    "Milliseconds for which the store may answer nothing, as while MongoDB elects a primary, without any handler being aborted. It sets nothing; the lease is checked against it at start.",
});

export const logLevelSetting = settingOf({
  env: "LOG_LEVEL",
  flag: "log-level",
  placeholder: "LEVEL",
  fallback: "info",
  schema: z.enum(["debug", "info", "warn", "error", "silent"], "must be debug, info, warn, error or silent"),
  description:
    "Least severe log lines to write on standard error: as JSON, or as lines for people where it is a terminal. `info` says of each run that it starts and how it ended, `warn` only of those that failed.",
});
