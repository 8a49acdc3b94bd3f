import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { OwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import type { Server } from "../driver/carry-out.ts";
import { eventually } from "../product/running-product.ts";
import { createFleetClient } from "./fleet-client.ts";
import { readMetric } from "./metrics-reading.ts";
import { runAdminCommand } from "./run-admin-command.ts";
import { createFleetMember, type FleetMember } from "./fleet-member.ts";
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
  readonly apis: readonly FleetMember[];
  readonly schedulers: readonly FleetMember[];
  readonly executors: readonly FleetMember[];
  readonly members: readonly FleetMember[];
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
  await runAdminCommand("topics", settings);
  await runAdminCommand("migrate", settings);
  const createMembers = (role: Role): FleetMember[] => Array.from({ length: size[role] }, () => createFleetMember(role, settings));
  const [apis, schedulers, executors] = [createMembers("api"), createMembers("scheduler"), createMembers("executor")];
  const members = [...apis, ...schedulers, ...executors];
  const sumMetricOver = async (some: readonly FleetMember[], metric: string, labels = ""): Promise<number> =>
    (await Promise.all(some.map((member) => readMetric(member, metric, labels)))).reduce((sum, value) => sum + value, 0);
  const fleet: Fleet = {
    ...createFleetClient(apis),
    settings,
    apis,
    schedulers,
    executors,
    members,
    async allLed() {
      // Only schedulers are asked: the metrics of all processes, 40 times a second, would be half a core of work.
      await eventually(async () => ((await sumMetricOver(schedulers, "tickline_leading")) === RANGES ? true : null), UP_MS_MAX);
    },
    total: (metric, labels) => sumMetricOver(members, metric, labels),
    async end() {
      for (const member of members) member.unpause();
      await Promise.all(members.map((member) => member.end()));
    },
  };
  for (const member of members) member.start();
  await eventually(() => (members.every(({ url }) => url !== null) ? true : null), UP_MS_MAX).catch(async (fault: unknown) => {
    await fleet.end();
    throw new Error(members.flatMap(({ crashes }) => crashes).join("\n"), { cause: fault });
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
