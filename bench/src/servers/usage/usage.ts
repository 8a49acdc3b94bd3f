import type { Metrics } from "../fleet/prometheus-text.ts";
import type { BenchServers } from "../fleet/bench-servers.ts";
import { readPort } from "../fleet/bench-servers.ts";
import { containerCpuSeconds } from "./container-cpu.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { ROLES } from "../fleet/service-process.ts";

/** What every process had used at one instant. */
export interface Usage {
  /** By name of the service process. */
  readonly services: ReadonlyMap<string, Metrics>;
  /** CPU seconds by server; null: unknown. */
  readonly servers: ReadonlyMap<string, number | null>;
}

export async function readUsage({ services }: Fleet, servers: BenchServers): Promise<Usage> {
  const urls = { store: servers.storeUrl, broker: servers.busUrl, "lock server": servers.lockUrl, registry: servers.registryUrl };
  const metrics = Promise.all(services.map(async (service) => [service.name, await service.metrics()] as const));
  const seconds = Promise.all(
    Object.entries(urls).map(async ([name, url]) => [name, url === null ? null : await containerCpuSeconds(readPort(url))] as const),
  );
  return { services: new Map(await metrics), servers: new Map(await seconds) };
}

/** One line of where the time goes. */
export interface Share {
  readonly name: string;
  readonly cpuSeconds: number;
}

/** CPU seconds between two instants, by server and by kind of service. What cannot be measured is left out. */
export function cpuBetween(before: Usage, after: Usage): readonly Share[] {
  const servers = [...after.servers].flatMap(([name, seconds]) => {
    const since = before.servers.get(name) ?? null;
    return seconds === null || since === null ? [] : [{ name, cpuSeconds: seconds - since }];
  });
  const services = ROLES.map((role) => {
    const names = [...after.services.keys()].filter((name) => name.startsWith(role));
    const cpuSeconds = names.reduce((sum, name) => sum + readCpu(after, name) - readCpu(before, name), 0);
    return { name: names.length === 1 ? role : `${names.length} ${role}s`, cpuSeconds };
  });
  return [...servers, ...services];
}

const readCpu = ({ services }: Usage, name: string): number => services.get(name)?.sum("process_cpu_seconds_total") ?? 0;

/** What is counted, by name and labels of its metric. */
export interface Counter {
  readonly metric: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A counter's growth in one process. */
export const grown = ([before, after]: readonly [Usage, Usage], name: string, { metric, labels }: Counter): number =>
  (after.services.get(name)?.sum(metric, labels) ?? 0) - (before.services.get(name)?.sum(metric, labels) ?? 0);

/** How often services waited for one kind of call, and how long. */
export interface CallFigures {
  readonly call: string;
  readonly count: number;
  readonly seconds: number;
}

/** Calls of one histogram between two instants, over all services, the longest in sum first. */
export function callsBetween(span: readonly [Usage, Usage], metric: string, label: string): readonly CallFigures[] {
  const names = [...span[1].services.keys()];
  const calls = new Set(names.flatMap((name) => span[1].services.get(name)?.values(`${metric}_count`, label) ?? []));
  const total = (suffix: string, call: string): number =>
    names.reduce((sum, name) => sum + grown(span, name, { metric: metric + suffix, labels: { [label]: call } }), 0);
  const figures = [...calls].map((call) => ({ call, count: total("_count", call), seconds: total("_sum", call) }));
  return figures.filter(({ count }) => count > 0).sort((left, right) => right.seconds - left.seconds);
}
