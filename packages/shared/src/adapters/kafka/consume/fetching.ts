import type { Consumer, EachBatchPayload } from "kafkajs";
import type { Clock } from "../../../ports/clock.ts";
import type { Inbox } from "./inbox.ts";

export interface FetchingOptions {
  readonly consumer: Consumer;
  readonly clock: Clock;
  readonly topics: readonly string[];
  readonly inbox: Inbox;
  /** Called when something came into the inbox. */
  readonly onFetched: () => void;
}

/** Longest wait for room inside the loop that fetches. No heartbeat is sent meanwhile, so it is far below a session. */
const ROOM_MS_MAX = 500;

/**
 * The handler of kafkajs's loop: puts what was fetched into the inbox and returns, so that heartbeats go on however long
 * a batch takes. It never throws. It waits shortly for room in a full inbox, which
 * often avoids a pause. If the inbox stays full, fetching is paused, and resumed when there is room.
 */
export function createFetching({ consumer, clock, topics, inbox, onFetched }: FetchingOptions) {
  const all = topics.map((topic) => ({ topic }));
  let stopped = false;
  let paused = false;

  async function pauseUntilRoom(): Promise<void> {
    paused = true;
    consumer.pause(all);
    await inbox.whenRoom();
    paused = false;
    if (!stopped) consumer.resume(all);
  }
  return {
    async eachBatch({ batch, resolveOffset, isStale }: EachBatchPayload): Promise<void> {
      if (stopped || isStale()) return;
      inbox.put({ topic: batch.topic, partition: batch.partition, messages: batch.messages });
      onFetched();
      resolveOffset(batch.lastOffset()); // Where to fetch on; nothing is committed by it.
      if (!inbox.full || paused) return;
      const timeout = Promise.withResolvers<void>();
      const timer = clock.setTimer(ROOM_MS_MAX, timeout.resolve);
      await Promise.race([inbox.whenRoom(), timeout.promise]);
      timer.cancel();
      if (inbox.full && !stopped) void pauseUntilRoom();
    },
    stop() {
      stopped = true;
    },
  };
}
