import { alternate, type Bench } from "../bench.ts";
import type { SchedulePlan, ScheduleResult } from "../schedule-plan.ts";
import { showNumber } from "../text-table.ts";
import { bullmqSide } from "./bullmq-side.ts";
import { scheduleTable } from "./schedule-table.ts";
import { ticklineSide } from "./tickline-side.ts";

/** Slower than any side makes schedules, so that all are there before the first is due. */
const SCHEDULES_MADE_PER_MS = 2;
const LEAD_MS_MIN = 6_000;

export const lateness: Bench = {
  name: "lateness",
  title: "Lateness of recurring schedules: start of the handler after the instant it was due",
  async run({ schedules, rates, seconds, concurrency, runs, peers, store, profileDir }, progress) {
    const tables: string[] = [];
    for (const rate of rates) {
      const everyMs = (schedules / rate) * 1_000;
      const leadMs = LEAD_MS_MIN + schedules / SCHEDULES_MADE_PER_MS;
      const plan: SchedulePlan = { schedules, everyMs, spreadMs: everyMs, windowMs: seconds * 1_000, concurrency, leadMs };
      const sides = [ticklineSide<ScheduleResult>("tickline-schedules", plan, { store, profileDir })];
      if (peers) sides.push(bullmqSide("bullmq-schedules", plan, "default"));
      const results = await alternate(sides, { runs, progress });
      tables.push(
        `${showNumber(rate)} fires a second for ${seconds} s, out of ${showNumber(schedules)} schedules; ` +
          `${concurrency} handlers at once; min / median / max of ${runs} runs.\n\n${scheduleTable(results)}`,
      );
    }
    return tables.join("\n\n");
  },
};
