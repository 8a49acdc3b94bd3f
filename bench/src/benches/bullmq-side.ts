import type { Side } from "../bench.ts";
import { measure } from "../process/measured-process.ts";
import { startRedis, type RedisPersistence } from "../process/redis-server.ts";
import { withTempFolder } from "../process/temp-folder.ts";

const NAMES: Readonly<Record<RedisPersistence, string>> = {
  default: "BullMQ, Redis as Debian sets it up",
  everysec: "BullMQ, appendonly everysec",
};

/** The peer: a fresh Redis on an empty folder, and BullMQ in a fresh process. Never profiled: its figures are what it is compared by. */
export const bullmqSide = <Result>(side: string, plan: object, persistence: RedisPersistence): Side<Result> => ({
  name: NAMES[persistence],
  measure: () =>
    withTempFolder(async (folder) => {
      const redis = await startRedis(folder, persistence);
      try {
        return await measure<Result>(side, { ...plan, socket: redis.socket }, { profileDir: null });
      } finally {
        await redis.stop();
      }
    }),
});
