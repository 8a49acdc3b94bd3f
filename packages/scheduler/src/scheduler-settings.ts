import {
  heartbeatMsSetting,
  hostSetting,
  leaseMsSetting,
  logLevelSetting,
  portSetting,
  queuesSetting,
  retentionDaysSetting,
} from "@tickline/shared/runtime/common-settings";
import { settingOf, wholeNumber } from "@tickline/shared/runtime/config";

/** More shards than this cost more in locks than they give in evenness. */
const SHARDS_MAX = 64;

/** Settings of the scheduler as a process of its own, besides its servers. */
export const SCHEDULER_SETTINGS = {
  shards: settingOf({
    env: "SCHEDULER_RANGES",
    flag: null,
    placeholder: "COUNT",
    fallback: "8",
    schema: wholeNumber(1, SHARDS_MAX),
    description: "Shards of jobs that the schedulers share. The same number in all schedulers; no more schedulers than this can have work.",
  }),
  queues: {
    ...queuesSetting,
    description: "Queues by priority, by commas: of the jobs that are due at once those of the first fire first, but for one fire in ten.",
  },
  leaseMs: leaseMsSetting,
  heartbeatMs: heartbeatMsSetting,
  retentionDays: retentionDaysSetting,
  host: hostSetting,
  port: { ...portSetting, fallback: "7071", description: "Port of `/livez`, `/readyz` and `/metrics`; 0 takes a free one." },
  logLevel: logLevelSetting,
};
