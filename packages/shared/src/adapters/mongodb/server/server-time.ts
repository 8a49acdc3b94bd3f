import type { Connection } from "mongoose";
import type { Instant } from "../../../domain/time/instant.ts";

/** The parts used of the answer to the `hello` command. */
interface ServerAnswer {
  readonly localTime: Date;
  /** `isdbgrid`: it is a router (`mongos`) in front of a sharded cluster. */
  readonly msg?: string;
}

/**
 * The time of the one server whose clock counts. Of a replica set that is the primary, which answers for itself. Routers have clocks of their
 * own, and the driver alternates between them; `$$NOW` has a router's time too. There the clock is the primary of the shard that
 * has the collection `meta`: it answers `$collStats` with its `localTime`
 * (https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/). The cluster's logical time moves with writes, and by seconds.
 * A failover, or a move of that shard's rows, changes the clock; measurements show that as a jump.
 */
export function createServerClock(connection: Pick<Connection, "db">): () => Promise<Instant> {
  let routed = false;

  return async () => {
    const { db } = connection;
    if (db === undefined) throw new Error("the store is closed");
    if (!routed) {
      const { localTime, msg } = (await db.command({ hello: 1 })) as ServerAnswer; // The only command whose answer contains the time.
      routed = msg === "isdbgrid";
      if (!routed) return localTime.getTime();
    }
    const [stats] = await db
      .collection("meta")
      .aggregate<{ readonly localTime: Date }>([{ $collStats: {} }], { readConcern: { level: "local" } })
      .toArray();
    if (stats === undefined) throw new Error("the shard does not tell its time");
    return stats.localTime.getTime();
  };
}
