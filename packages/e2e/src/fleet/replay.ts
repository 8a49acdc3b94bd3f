import { Kafka, logLevel } from "kafkajs";

/** Puts every group that has members no more back to the beginning of its topics. Returns how many messages each topic will bring again. */
export async function replayAll(brokers: string): Promise<Readonly<Record<string, number>>> {
  const admin = new Kafka({ brokers: brokers.split(","), clientId: "tickline-replay", logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const counts: Record<string, number> = {};
    const { groups } = await admin.listGroups();
    for (const { groupId } of groups)
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
        const read = partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
        counts[topic] = (counts[topic] ?? 0) + read;
        await admin.resetOffsets({ groupId, topic, earliest: true });
      }
    return counts;
  } finally {
    await admin.disconnect();
  }
}
