import type { Registry } from "prom-client";
import { Counter, Gauge } from "prom-client";
import { createStoreLock } from "../adapters/store-lock.ts";
import { lockWithFallback } from "../adapters/lock-with-fallback.ts";
import { systemClock } from "../adapters/system/clock.ts";
import { systemEntropy } from "../adapters/system/entropy.ts";
import type { AppError } from "../domain/app-error.ts";
import type { Bus } from "../ports/bus.ts";
import type { Lock } from "../ports/lock.ts";
import type { Store } from "../ports/store/store.ts";
import type { ConfigOf } from "../runtime/config/config.ts";
import type { Logger } from "../runtime/log/logger.ts";
import { busUrlSetting, kafkaSettings, lockUrlSetting, registryUrlSetting, storeUrlSetting } from "../runtime/config/server-settings.ts";
import { createUnreadableLog } from "../runtime/log/unreadable-log.ts";
import { timedBus, timedStore } from "./timed-calls.ts";

/** The servers that all three services share. */
export const SERVER_SETTINGS = { storeUrl: storeUrlSetting, busUrl: busUrlSetting, registryUrl: registryUrlSetting, ...kafkaSettings };
export const LOCK_SETTINGS = { lockUrl: lockUrlSetting };

export type ServerSettings = ConfigOf<typeof SERVER_SETTINGS>;
type KafkaSettings = Pick<ServerSettings, keyof typeof kafkaSettings>;

/** Names and files of Kafka's own security, as its adapter takes them. */
export const toKafkaSecurity = (settings: KafkaSettings) => ({
  username: settings.kafkaUsername,
  password: settings.kafkaPassword,
  mechanism: settings.kafkaMechanism,
  ssl: settings.kafkaSsl,
  caFile: settings.kafkaCaFile,
  certFile: settings.kafkaCertFile,
  keyFile: settings.kafkaKeyFile,
});

/** Each adapter is loaded only here, so that a process loads no adapter that it does not use. */
export async function openStore(url: string, { metrics, log }: { readonly metrics: Registry; readonly log: Logger }): Promise<Store> {
  const { openMongodbStore } = await import("../adapters/mongodb/mongodb-store.ts");
  const onUnreadable = createUnreadableLog({ clock: systemClock, log, metrics });
  return timedStore(await openMongodbStore({ url, onUnreadable }), { clock: systemClock, metrics });
}

export interface BusWiring {
  readonly settings: ServerSettings;
  readonly clientId: string;
  readonly log: Logger;
  readonly metrics: Registry;
  /** A consumer has failed for good: the process must end. */
  readonly onDead: (fault: AppError) => void;
}

export async function openBus({ settings, clientId, log, metrics, onDead }: BusWiring): Promise<Bus> {
  const { openKafkaBus } = await import("../adapters/kafka/kafka-bus.ts");
  const bus = await openKafkaBus({
    url: settings.busUrl,
    registryUrl: settings.registryUrl,
    security: toKafkaSecurity(settings),
    clientId,
    log,
    clock: systemClock,
    onDead,
    metrics: busMetrics(metrics),
  });
  return timedBus(bus, { clock: systemClock, metrics });
}

const busMetrics = (registry: Registry) => ({
  lag: new Gauge({
    name: "tickline_bus_lag_messages",
    help: "Messages of a topic that the group has not finished, over the partitions read by this process.",
    labelNames: ["topic", "group"] as const,
    registers: [registry],
  }),
  deadLetters: new Counter({
    name: "tickline_bus_dead_letters_total",
    help: "Messages put with the dead letters of a topic.",
    labelNames: ["topic"] as const,
    registers: [registry],
  }),
  unkept: new Counter({
    name: "tickline_bus_unkept_total",
    help: "Messages that a group of one instance could not take, for hints: they are logged, and not put with the dead letters.",
    labelNames: ["topic"] as const,
    registers: [registry],
  }),
});

export interface LockWiring {
  readonly url: string | undefined;
  readonly store: Pick<Store, "leaders">;
  readonly log: Logger;
}

/** Locks in Redis with leases in the store as the fallback, or leases alone. */
export async function openLock({ url, store, log }: LockWiring): Promise<Lock & { close(): Promise<void> }> {
  const leases = createStoreLock({ leaders: store.leaders, clock: systemClock, entropy: systemEntropy });
  if (url === undefined) return { ...leases, close: () => Promise.resolve() };
  const { openRedisLock } = await import("../adapters/redis/redis-lock.ts");
  const server = await openRedisLock({ url, clock: systemClock, log });
  return { ...lockWithFallback({ server, fallback: leases, clock: systemClock }), close: () => server.close() };
}
