import { openKafkaBus } from "@tickline/shared/adapters/kafka/kafka-bus";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic } from "@tickline/shared/events/topics";
import { createLogger } from "@tickline/shared/runtime/log/logger";
import type { BenchServers } from "../fleet/bench-servers.ts";

/** Says again what was said, as a broker, a producer or an operator may: every claim of it should be refused. */
export interface Replay {
  /** Messages published a second time. */
  readonly replayed: number;
  stop(): Promise<void>;
}

const TOPIC = dueTopic("default");

/** Publishes each so-many-th `JobDue` again as soon as it is read, while its run may still be due, running or ended. */
export async function startReplay(servers: BenchServers, every: number): Promise<Replay> {
  const dead = (fault: Error): never => {
    throw fault;
  };
  const bus = await openKafkaBus({
    url: servers.busUrl,
    registryUrl: servers.registryUrl ?? undefined,
    clientId: "bench-replay",
    log: createLogger("error"),
    clock: systemClock,
    onDead: dead,
  });
  let seen = 0;
  let replayed = 0;
  const own = new Set<string>();
  const isNext = ({ id }: TicklineEvent): boolean => !own.has(id) && (seen += 1) % every === 0;
  await bus.subscribe({
    topics: [TOPIC],
    group: `bench-replay-${Date.now()}`,
    from: "end",
    async onBatch(events) {
      const again = events.filter(isNext);
      for (const { id } of again) own.add(id); // What comes back is not published a third time.
      if (again.length > 0) await bus.publish(TOPIC, again);
      replayed += again.length;
    },
  });
  return {
    get replayed() {
      return replayed;
    },
    stop: () => bus.close(),
  };
}
