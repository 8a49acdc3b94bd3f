import { readMetric } from "../fleet/metrics-reading.ts";
import { runAdminCommand } from "../fleet/run-admin-command.ts";
import { createFleetMember } from "../fleet/fleet-member.ts";
import type { Settings } from "../fleet/service-process.ts";
import { createCalls, type Calls } from "../product/calls.ts";
import type { Endings } from "../product/endings.ts";
import { eventually } from "../product/running-product.ts";

/** For a process to come up, on a machine that is busy with other things. */
const UP_MS_MAX = 70_000;

/** One of each service, and an api that answers. */
export interface Services extends Calls {
  /** The address of the api. */
  readonly address: string;
  /** As the executor shows it at the moment, over all its labels or those that match. */
  executorMetric(name: string, labels: string): Promise<number>;
  /** What processes said each time that one ended by itself. Another followed. */
  crashes(): readonly string[];
  /** The same of the executor. */
  executorCrashes(): readonly string[];
  /** SIGTERM to all of them; rejects with what one said that ends with another code than 0. */
  end(): Promise<void>;
}

/** Makes the topics, and starts one of each service. `settings`: those they share; `ofExecutor`: what it has instead. */
export async function startServices(endings: Endings, settings: Settings, ofExecutor: Settings = {}): Promise<Services> {
  await runAdminCommand("topics", settings);
  const [api, scheduler] = [createFleetMember("api", settings), createFleetMember("scheduler", settings)];
  const executor = createFleetMember("executor", { ...settings, ...ofExecutor });
  endings.add(() => Promise.all([api, scheduler, executor].map((member) => member.end())));
  for (const member of [api, scheduler, executor]) {
    member.start();
    // One by one: a registry that has just begun takes long over its first schemas.
    await eventually(() => member.url, UP_MS_MAX).catch((cause: unknown) => {
      throw new Error(`the ${member.role} does not come up:\n${member.crashes.join("\n")}`, { cause });
    });
  }
  return {
    ...createCalls(api.url ?? ""),
    address: api.url ?? "",
    executorMetric: (name, labels) => readMetric(executor, name, labels),
    executorCrashes: () => executor.crashes,
    crashes: () => [api, scheduler, executor].flatMap((member) => member.crashes),
    async end() {
      for (const member of [api, scheduler, executor]) {
        const code = await member.end();
        if (code !== 0) throw new Error(`the ${member.role} ended with ${code}:\n${member.stderr()}`);
      }
    },
  };
}
