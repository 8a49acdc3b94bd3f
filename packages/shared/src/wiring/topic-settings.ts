import { daysSetting, externalQueuesSetting, queuesSetting, topicRetentionSetting } from "../runtime/config/common-settings.ts";
import { defineSetting, wholeNumber } from "../runtime/config/config.ts";

/** The settings by which `npm run topics` makes topics. */
export const TOPIC_SETTINGS = {
  queues: queuesSetting,
  externalQueues: externalQueuesSetting,
  partitions: defineSetting({
    env: "TOPIC_PARTITIONS",
    flag: null,
    placeholder: "COUNT",
    fallback: "12",
    schema: wholeNumber(1, 1_000),
    description:
      "Partitions of each topic. At most this many executors can take runs of one queue. Partitions can be added, but not removed.",
  }),
  replicas: defineSetting({
    env: "TOPIC_REPLICAS",
    flag: null,
    placeholder: "COUNT",
    fallback: "-1",
    schema: wholeNumber(-1, 100),
    description: "Brokers that hold a copy of each topic; -1: the default of the brokers.",
  }),
  retentionMs: topicRetentionSetting,
  deadRetentionMs: daysSetting("DEAD_RETENTION_DAYS", {
    fallback: "30",
    description: "Days for which topics keep dead letters.",
  }),
};
