import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import path from "node:path";
import { promisify } from "node:util";
import { withDatabase, type BenchServers } from "./bench-servers.ts";
import { ROLES, startService, type Role, type ServiceProcess } from "./service-process.ts";

/** Services as processes of their own over one database. */
export interface Fleet {
  readonly services: readonly ServiceProcess[];
  readonly storeUrl: string;
  of(role: Role): readonly ServiceProcess[];
  stop(): Promise<void>;
}

export interface FleetPlan {
  readonly database: string;
  readonly size: Readonly<Record<Role, number>>;
  readonly handlersDir: string;
  readonly workersMax: number;
  readonly profileDir: string | null;
  /** Where handlers write down what they did. */
  readonly effectsDir?: string;
}

/** As the schedulers have it by default. */
const RANGES = 8;
const LEADING_MS_MAX = 180_000;
const LOOK_MS = 200;

/** Topics, then one process after another, until the schedulers share the ranges evenly. */
export async function startFleet(servers: BenchServers, plan: FleetPlan): Promise<Fleet> {
  const storeUrl = withDatabase(servers.storeUrl, plan.database);
  const env = {
    STORE_URL: storeUrl,
    BUS_URL: servers.busUrl,
    ...(servers.lockUrl !== null && { LOCK_URL: servers.lockUrl }),
    ...(servers.registryUrl !== null && { REGISTRY_URL: servers.registryUrl }),
    HANDLERS_DIR: plan.handlersDir,
    WORKERS_MAX: String(plan.workersMax),
    SCHEDULER_RANGES: String(RANGES),
    BENCH_EFFECTS_DIR: plan.effectsDir ?? "",
  };
  await runAdminCommand("topics", env);
  await runAdminCommand("migrate", env);
  const services: ServiceProcess[] = [];
  const of = (role: Role): readonly ServiceProcess[] => services.filter((service) => service.role === role);
  const stop = async (): Promise<void> => void (await Promise.all(services.splice(0).map((service) => service.stop())));
  try {
    for (const role of ROLES.toReversed()) {
      const names = Array.from({ length: plan.size[role] }, (_, index) => `${role} ${index + 1}`);
      const starts = names.map(async (name) => services.push(await startService(role, { name, env, profileDir: plan.profileDir })));
      const failed = (await Promise.allSettled(starts)).find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
    }
    await ledEvenly(of("scheduler"));
  } catch (fault) {
    await stop();
    throw fault;
  }
  services.sort((left, right) => (left.name < right.name ? -1 : 1));
  return { services, storeUrl, of, stop };
}

async function runAdminCommand(word: string, env: Readonly<Record<string, string>>): Promise<void> {
  const adminMain = path.resolve(import.meta.dirname, "../../../../packages/shared/src/wiring/admin-command.ts");
  await promisify(execFile)(process.execPath, ["--conditions=@tickline/source", adminMain, word], { env: { ...process.env, ...env } });
}

async function ledEvenly(schedulers: readonly ServiceProcess[]): Promise<void> {
  const fewest = Math.floor(RANGES / schedulers.length);
  const even = await becomes(LEADING_MS_MAX, async () => {
    const leading = await Promise.all(schedulers.map(async (scheduler) => (await scheduler.metrics()).sum("tickline_leading")));
    return leading.every((ranges) => ranges >= fewest) && leading.reduce((sum, ranges) => sum + ranges, 0) === RANGES;
  });
  if (!even) throw new Error(`${RANGES} ranges were not shared evenly by ${schedulers.length} schedulers within ${LEADING_MS_MAX} ms`);
}

/** Looks again and again until it is so; false: it did not become so in time. */
export async function becomes(deadlineMs: number, so: () => Promise<boolean>, everyMs = LOOK_MS): Promise<boolean> {
  const until = performance.now() + deadlineMs;
  while (performance.now() < until) {
    if (await so()) return true;
    await sleep(everyMs);
  }
  return so();
}
