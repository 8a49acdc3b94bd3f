import { alternate, type Bench } from "../bench.ts";
import { bullmqPlan, ticklinePlan, type ScheduleLoad, type ScheduleResult } from "../plan/schedule-plan.ts";
import { showNumber } from "../report/text-table.ts";
import { bullmqSide } from "./bullmq-side.ts";
import { scheduleTable } from "./schedule-table.ts";
import { ticklineSide } from "./tickline-side.ts";

const HOUR_MS = 3_600_000;
/** The peer is asked no more than this: above, it takes minutes. */
const PEER_SCHEDULES_MAX = 10_000;

export const burst: Bench = {
  name: "burst",
  title: "Schedules due at one instant: lateness and drain",
  async run({ bursts, concurrency, runs, peers, profileDir }, progress) {
    const tables: string[] = [];
    for (const schedules of bursts) {
      const load: ScheduleLoad = { schedules, everyMs: HOUR_MS, spreadMs: 0, windowMs: 1_000, concurrency };
      const sides = [ticklineSide<ScheduleResult>("tickline-schedules", ticklinePlan(load), { profileDir })];
      if (peers && schedules <= PEER_SCHEDULES_MAX) sides.push(bullmqSide("bullmq-schedules", bullmqPlan(load), "default"));
      const results = await alternate(sides, { runs, progress });
      tables.push(
        `${showNumber(schedules)} hourly schedules, all due at the same millisecond; ${concurrency} handlers at once; ` +
          `min / median / max of ${runs} runs.\n\n${scheduleTable(results)}`,
      );
    }
    return tables.join("\n\n");
  },
};
