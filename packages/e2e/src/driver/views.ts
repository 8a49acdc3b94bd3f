/** What the tests read of a job's answer. */
export interface JobView {
  readonly id: string;
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: string;
  readonly status: string;
  readonly version: number;
  readonly createdAt: string;
  readonly nextRunAt: string | null;
  readonly lastRunAt: string | null;
  readonly lastRun: { readonly id: string; readonly scheduledFor: string; readonly state: string } | null;
}

export interface JobDetailView extends JobView {
  readonly upcoming: readonly string[];
  readonly recentRuns: readonly RunView[];
}

/** What the tests read of a run's answer. */
export interface RunView {
  readonly id: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly cause: string;
  readonly scheduledFor: string;
  readonly scheduledForLast: string | null;
  readonly count: number;
  readonly state: string;
  readonly reason: string | null;
  readonly attempt: number;
  readonly attempts: readonly { readonly state: string }[];
  readonly output: unknown;
}

export interface PageView<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
