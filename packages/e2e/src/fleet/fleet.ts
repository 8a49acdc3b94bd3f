import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { OwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import type { Server } from "../driver/carry-out.ts";
import { eventually } from "../product/running-product.ts";
import { createFleetClient } from "./fleet-client.ts";
import { readMetric } from "./metrics-reading.ts";
import { runOperation } from "./run-operation.ts";
import { createSeat, type Seat } from "./seat.ts";
import type { Role, Settings } from "./service-process.ts";

/** How many processes of each service there are. */
export type FleetSize = Readonly<Record<Role, number>>;
export const USUAL_SIZE: FleetSize = { api: 2, scheduler: 2, executor: 3 };

/** As `SCHEDULER_RANGES` has it by default. */
const RANGES = 8;
/** To come up, all at once, on a machine that is busy with other things. */
const UP_MS_MAX = 90_000;

/** The services as separate processes over real servers. */
export interface Fleet extends Server {
  readonly settings: Settings;
  readonly apis: readonly Seat[];
  readonly schedulers: readonly Seat[];
  readonly executors: readonly Seat[];
  readonly seats: readonly Seat[];
  /** Resolves once every range has a leader among the schedulers that answer. */
  allLed(): Promise<void>;
  /** Over all processes that answer. */
  total(metric: string, labels?: string): Promise<number>;
  /** SIGTERM to all. */
  end(): Promise<void>;
}

/** Starts everything on a database of its own, and waits until all of it runs. */
export async function startFleet(servers: OwnServers, size: FleetSize = USUAL_SIZE): Promise<Fleet> {
  const settings = settingsFor(servers);
  await runOperation("topics", settings);
  await runOperation("migrate", settings);
  const createSeats = (role: Role): Seat[] => Array.from({ length: size[role] }, () => createSeat(role, settings));
  const [apis, schedulers, executors] = [createSeats("api"), createSeats("scheduler"), createSeats("executor")];
  const seats = [...apis, ...schedulers, ...executors];
  const totalOf = async (some: readonly Seat[], metric: string, labels = ""): Promise<number> =>
    (await Promise.all(some.map((seat) => readMetric(seat, metric, labels)))).reduce((sum, value) => sum + value, 0);
  const fleet: Fleet = {
    ...createFleetClient(apis),
    settings,
    apis,
    schedulers,
    executors,
    seats,
    async allLed() {
      // Only schedulers are asked: the metrics of all processes, 40 times a second, would be half a core of work.
      await eventually(async () => ((await totalOf(schedulers, "tickline_leading")) === RANGES ? true : null), UP_MS_MAX);
    },
    total: (metric, labels) => totalOf(seats, metric, labels),
    async end() {
      for (const seat of seats) seat.unpause();
      await Promise.all(seats.map((seat) => seat.end()));
    },
  };
  for (const seat of seats) seat.start();
  await eventually(() => (seats.every(({ url }) => url !== null) ? true : null), UP_MS_MAX).catch(async (fault: unknown) => {
    await fleet.end();
    throw new Error(seats.flatMap(({ falls }) => falls).join("\n"), { cause: fault });
  });
  await fleet.allLed();
  return fleet;
}

/** One Redis and one broker serve all fleets of a file, one after another; each has a database of its own. */
function settingsFor({ mongodbUrl, kafkaBrokers, redisUrl, registryUrl }: OwnServers): Settings {
  const store = new URL(mongodbUrl);
  store.pathname = `/t${systemEntropy.newId().replaceAll("-", "")}`;
  return {
    STORE_URL: store.toString(),
    BUS_URL: `kafka://${kafkaBrokers}`,
    LOCK_URL: redisUrl,
    REGISTRY_URL: registryUrl,
    SCHEDULER_RANGES: String(RANGES),
  };
}
