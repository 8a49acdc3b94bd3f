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

/** What to write instead: a schedule as a request may write it, as a short string (every cron line is one) or an object of texts. */
export type Suggestion = string | Readonly<Record<string, string>>;

/**
 * One fault: a message that says what is wrong, where, and what to do. Its suggestions are also in
 * `suggestions`; each of them has been tried, and is accepted.
 */
export type ScheduleFault = {
  readonly kind: "fault";
  readonly code: ScheduleFaultCode;
  readonly message: string;
  readonly suggestions?: readonly Suggestion[];
};

/** The outcome of reading a piece of a schedule. */
export type Parsed<T> = { readonly kind: "parsed"; readonly value: T } | ScheduleFault;

export const parsed = <T>(value: T): Parsed<T> => ({ kind: "parsed", value });

export const fault = (code: ScheduleFaultCode, message: string, suggestions: readonly Suggestion[] = []): ScheduleFault => ({
  kind: "fault",
  code,
  message,
  ...(suggestions.length === 0 ? {} : { suggestions }),
});
