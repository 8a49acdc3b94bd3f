/** How the workers of one executor are divided: rules alone. Who holds which worker is counted by the executor. */
export interface WorkerShares {
  readonly workersMax: number;
  /** By priority, the first first. */
  readonly queues: readonly string[];
  /** Of all workers, the part that each queue has for itself. */
  readonly queueWorkersPercent: number;
  /** Of all workers, the part that runs of one job hold at most, unless the job says otherwise. */
  readonly jobWorkersPercent: number;
}

/** Settings of the shares, with their defaults. */
export const WORKER_SHARE_DEFAULTS = { queueWorkersPercent: 5, jobWorkersPercent: 50 } as const;

/** All queues together have at most this part of the workers reserved: the rest is shared. */
export const RESERVED_PERCENT_MAX = 50;

/**
 * Workers that each queue has for itself: no other queue takes them, so that handlers that hang stop their own queue at most. At least one a
 * queue, by priority, as long as half of the workers stay for all; with one worker there is nothing to reserve, and with two `high` has one.
 */
export function reservedWorkers({
  workersMax,
  queues,
  queueWorkersPercent,
}: Pick<WorkerShares, "workersMax" | "queues" | "queueWorkersPercent">): number[] {
  const each = queueWorkersPercent === 0 ? 0 : Math.max(1, takePercent(workersMax, queueWorkersPercent));
  let left = takePercent(workersMax, RESERVED_PERCENT_MAX);
  return queues.map(() => {
    const reserved = Math.min(each, left);
    left -= reserved;
    return reserved;
  });
}

/** Workers by queue, in the order of the queues. */
export interface WorkersInUse {
  readonly workersMax: number;
  readonly reserved: readonly number[];
  readonly busy: readonly number[];
}

/** How many more workers runs of this queue may have: those that are free, less what other queues have for themselves and do not use. */
export function freeWorkers(queue: number, { workersMax, reserved, busy }: WorkersInUse): number {
  let free = workersMax;
  for (let other = 0; other < busy.length; other += 1) {
    const held = busy[other] as number;
    free -= other === queue ? held : Math.max(held, reserved[other] as number);
  }
  return Math.max(0, free);
}

/** How many workers runs of one job may hold: its own limit, or the share of each job; at least one, and never more than there are. */
export const jobWorkersMax = (
  { workersMax, jobWorkersPercent }: Pick<WorkerShares, "workersMax" | "jobWorkersPercent">,
  own: number | null,
): number => Math.min(workersMax, Math.max(1, own ?? takePercent(workersMax, jobWorkersPercent)));

const takePercent = (count: number, percent: number): number => Math.floor((count * percent) / 100);
