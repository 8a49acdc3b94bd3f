/**
 * What can be wrong with a schedule. The codes are a public contract (docs/schedules.md): clients switch on them, so
 * none is ever renamed; the message is for people and may improve.
 */
export type ScheduleFaultCode =
  | "bad_cron"
  | "bad_duration"
  | "bad_instant"
  | "bad_schedule"
  | "bad_schedule_on"
  | "bad_schedule_text"
  | "bad_schedule_window"
  | "bad_time_of_day"
  | "schedule_never_fires"
  | "unknown_time_zone";

/** One thing that is wrong: a message that says what, where, and what to do. */
export type ScheduleFault = { readonly kind: "fault"; readonly code: ScheduleFaultCode; readonly message: string };

/** The outcome of reading a piece of a schedule. */
export type Parsed<T> = { readonly kind: "parsed"; readonly value: T } | ScheduleFault;

export const parsed = <T>(value: T): Parsed<T> => ({ kind: "parsed", value });

export const fault = (code: ScheduleFaultCode, message: string): ScheduleFault => ({ kind: "fault", code, message });
