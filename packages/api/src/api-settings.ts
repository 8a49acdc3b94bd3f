import {
  allowedHostsSetting,
  drainNoticeSetting,
  externalQueuesSetting,
  hostSetting,
  logLevelSetting,
  portSetting,
  queuesSetting,
  timeoutMaxMsSetting,
  topicRetentionSetting,
} from "@tickline/shared/runtime/common-settings";

/** Settings of the api as a separate process, besides its servers. */
export const API_SETTINGS = {
  host: hostSetting,
  port: portSetting,
  allowedHosts: allowedHostsSetting,
  queues: queuesSetting,
  externalQueues: externalQueuesSetting,
  timeoutMsMax: timeoutMaxMsSetting,
  topicRetentionMs: {
    ...topicRetentionSetting,
    description: "As for `npm run topics`: a command on `tickline.commands` that is older than half of it is refused.",
  },
  drainNoticeMs: drainNoticeSetting,
  logLevel: logLevelSetting,
};
