import { Kafka, logLevel } from "kafkajs";

/** Groups of one instance end with its id, and no process uses them again. */
const OF_AN_INSTANCE = /-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Puts every group whose members will be back to the beginning of its topics. Returns how many messages each topic will bring again. */
export async function replayAll(brokers: string): Promise<Readonly<Record<string, number>>> {
  const admin = new Kafka({ brokers: brokers.split(","), clientId: "tickline-replay", logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const counts: Record<string, number> = {};
    const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter((groupId) => !OF_AN_INSTANCE.test(groupId));
    await Promise.all(
      groups.map(async (groupId) => {
        for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
          const read = partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
          counts[topic] = (counts[topic] ?? 0) + read;
          await admin.resetOffsets({ groupId, topic, earliest: true });
        }
      }),
    );
    return counts;
  } finally {
    await admin.disconnect();
  }
}
