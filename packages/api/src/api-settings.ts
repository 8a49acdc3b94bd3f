import { allowedHostsSetting, hostSetting, logLevelSetting, portSetting, queuesSetting } from "@tickline/shared/runtime/common-settings";

/** Settings of the api as a process of its own, besides its servers. */
export const API_SETTINGS = {
  host: hostSetting,
  port: portSetting,
  allowedHosts: allowedHostsSetting,
  queues: queuesSetting,
  logLevel: logLevelSetting,
};
