import type { Schedule } from "./schedule.ts";
import { showStoredSchedule } from "./schedule-view.ts";

/** Equal in every field, whatever the order of keys: a job that is given the same schedule again keeps its anchor. */
export const sameSchedule = (a: Schedule, b: Schedule): boolean => canonicalText(a) === canonicalText(b);

/** A schedule that this version cannot represent is compared as it is stored. */
const canonicalText = (schedule: Schedule): string => JSON.stringify(showStoredSchedule(schedule) ?? schedule);
