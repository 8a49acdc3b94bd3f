export interface ThroughputPlan {
  /** No-op jobs, all due at once. */
  readonly jobs: number;
  /** Handlers that may run at once. */
  readonly concurrency: number;
  /** Time for making the jobs, before they are due; ignored by a side that can hold them back without. */
  readonly leadMs: number;
}

export interface ThroughputResult {
  readonly runs: number;
  /** From due to the last completion, durable as far as that side's store is. */
  readonly tookMs: number;
  /** CPU time of the measured process in that time, in milliseconds. */
  readonly cpuMs: number;
}
