/** The rules by which the workers of one executor are divided. The executor counts who holds which worker. */
export interface WorkerShares {
  readonly workersMax: number;
  /** By priority, the first first. */
  readonly queues: readonly string[];
  /** The part of all workers that is reserved for each queue. */
  readonly queueWorkersPercent: number;
  /** The largest part of all workers for runs of one job, unless the job sets another limit. */
  readonly jobWorkersPercent: number;
}

/** Settings of the shares, with their defaults. */
export const WORKER_SHARE_DEFAULTS = { queueWorkersPercent: 5, jobWorkersPercent: 50 } as const;

/** All queues together have at most this part of the workers reserved: the rest is shared. */
export const RESERVED_PERCENT_MAX = 50;

/**
 * Workers reserved for each queue: no other queue takes them, so that hanging handlers stop only their own queue. At least one a
 * queue, by priority, as long as half of the workers stay shared; with one worker there is nothing to reserve, and with two `high` has one.
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

/** How many more workers runs of this queue may have: the free ones, less those reserved for other queues. */
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
