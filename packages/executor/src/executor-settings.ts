import {
  drainMsSetting,
  externalQueuesSetting,
  handlersDirSetting,
  heartbeatMsSetting,
  hostSetting,
  jobWorkersPercentSetting,
  leaseMarginMsSetting,
  leaseMsSetting,
  logLevelSetting,
  portSetting,
  queuesSetting,
  queueWorkersPercentSetting,
  retentionDaysSetting,
  storeFailoverMsSetting,
  workersMaxSetting,
} from "@tickline/shared/runtime/common-settings";

/** Settings of the executor as a process of its own, besides its servers. */
export const EXECUTOR_SETTINGS = {
  handlersDir: handlersDirSetting,
  queues: {
    ...queuesSetting,
    description: "Queues to take runs from, separated by commas. The first queue is served first; one claim in ten goes to the others.",
  },
  externalQueues: externalQueuesSetting,
  workersMax: workersMaxSetting,
  queueWorkersPercent: queueWorkersPercentSetting,
  jobWorkersPercent: jobWorkersPercentSetting,
  drainMs: {
    ...drainMsSetting,
    description:
      "Milliseconds that running handlers have to finish at shutdown. Then they are aborted, and another executor runs them again.",
  },
  leaseMs: leaseMsSetting,
  heartbeatMs: heartbeatMsSetting,
  leaseMarginMs: leaseMarginMsSetting,
  storeFailoverMs: storeFailoverMsSetting,
  retentionDays: retentionDaysSetting,
  host: hostSetting,
  port: { ...portSetting, fallback: "7072", description: "Port of `/livez`, `/readyz` and `/metrics`; 0 takes a free one." },
  logLevel: logLevelSetting,
};
