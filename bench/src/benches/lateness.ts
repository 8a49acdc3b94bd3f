import { alternate, type Bench } from "../bench.ts";
import { bullmqPlan, ticklinePlan, type ScheduleLoad, type ScheduleResult } from "../plan/schedule-plan.ts";
import { showNumber } from "../report/text-table.ts";
import { bullmqSide } from "./bullmq-side.ts";
import { scheduleTable } from "./schedule-table.ts";
import { ticklineSide } from "./tickline-side.ts";

export const lateness: Bench = {
  name: "lateness",
  title: "Lateness of recurring schedules: start of the handler after the instant it was due",
  async run({ schedules, rates, seconds, concurrency, runs, peers, profileDir }, progress) {
    const tables: string[] = [];
    for (const rate of rates) {
      const everyMs = (schedules / rate) * 1_000;
      const load: ScheduleLoad = { schedules, everyMs, spreadMs: everyMs, windowMs: seconds * 1_000, concurrency };
      const sides = [ticklineSide<ScheduleResult>("tickline-schedules", ticklinePlan(load), { profileDir })];
      if (peers) sides.push(bullmqSide("bullmq-schedules", bullmqPlan(load), "default"));
      const results = await alternate(sides, { runs, progress });
      tables.push(
        `${showNumber(rate)} fires a second for ${seconds} s, out of ${showNumber(schedules)} schedules; ` +
          `${concurrency} handlers at once; min / median / max of ${runs} runs.\n\n${scheduleTable(results)}`,
      );
    }
    return tables.join("\n\n");
  },
};
