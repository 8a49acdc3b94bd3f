import type { Schedule } from "./schedule.ts";
import { showSchedule } from "./schedule-view.ts";

/** Equal in every field, whatever the order of keys: a job that is given the same schedule again keeps its anchor. */
export const sameSchedule = (a: Schedule, b: Schedule): boolean => JSON.stringify(showSchedule(a)) === JSON.stringify(showSchedule(b));
