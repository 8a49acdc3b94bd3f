import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { freeWorkers, jobWorkersMax, reservedWorkers, type WorkerShares } from "@tickline/shared/domain/queue/worker-shares";

/** Who holds a worker: a run, by its queue and job. Runs of an exclusive job run one at a time anyway, and are not counted by job. */
export type WorkerUser = Pick<DueRun, "queue" | "jobUid" | "exclusive" | "workersMax">;

/** `queue_full`: no worker is free for its queue. `job_full`: its job holds as many as it may. */
export type Reservation = "reserved" | "queue_full" | "job_full";

/** Counts workers, by queue and by job. A worker is the right to run one handler; all handlers run on one thread. */
export interface WorkerPool {
  /** Workers that are held, for handlers that run and for runs that are being claimed. */
  readonly busy: number;
  /** Resolves when no worker is held. */
  whenIdle(): Promise<void>;
  /** Workers that runs of this queue may have now. */
  free(queue: string): number;
  /** Workers that runs of this queue hold. */
  held(queue: string): number;
  /** Workers that runs of this queue gave back since the start of the process. */
  released(queue: string): number;
  /** True when runs of this job hold as many workers as they may. */
  isJobFull(user: WorkerUser): boolean;
  /** The most that runs of this job may hold. */
  jobWorkersMax(user: WorkerUser): number;
  /** Takes one worker. */
  reserve(user: WorkerUser): Reservation;
  /** Gives back the workers of these, one each. */
  release(users: readonly WorkerUser[]): void;
  /** A copy of the free workers, to plan with: what is taken from it stays free here. */
  plan(): PlannedWorkers;
}

export interface PlannedWorkers {
  free(queue: string): number;
  take(queue: string): void;
}

export interface WorkerPoolOptions {
  readonly shares: WorkerShares;
  /** Called when workers became free, or were taken and none is left for some queue. */
  readonly onChange: () => void;
}

export function createWorkerPool({ shares, onChange }: WorkerPoolOptions): WorkerPool {
  const { workersMax } = shares;
  const places = new Map(shares.queues.map((queue, place) => [queue, place]));
  const inUse = { workersMax, reserved: reservedWorkers(shares), busy: shares.queues.map(() => 0) };
  const released = shares.queues.map(() => 0);
  const heldByJob = new Map<string, number>();
  let busy = 0;
  let idle: PromiseWithResolvers<void> | null = null;

  const readCount = (counts: readonly number[], queue: string): number => counts[places.get(queue) ?? -1] ?? 0;
  const jobMax = ({ workersMax: own }: WorkerUser): number => jobWorkersMax(shares, own);
  const isJobFull = (user: WorkerUser): boolean => !user.exclusive && (heldByJob.get(user.jobUid) ?? 0) >= jobMax(user);

  function releaseOne({ queue, jobUid, exclusive }: WorkerUser): void {
    const place = places.get(queue) ?? 0;
    inUse.busy[place] = (inUse.busy[place] as number) - 1;
    released[place] = (released[place] as number) + 1;
    if (exclusive) return;
    const left = (heldByJob.get(jobUid) ?? 1) - 1;
    if (left === 0) heldByJob.delete(jobUid);
    else heldByJob.set(jobUid, left);
  }
  return {
    get busy() {
      return busy;
    },
    whenIdle() {
      if (busy === 0) return Promise.resolve();
      idle ??= Promise.withResolvers();
      return idle.promise;
    },
    free: (queue) => countFree(places, inUse, queue),
    held: (queue) => readCount(inUse.busy, queue),
    released: (queue) => readCount(released, queue),
    isJobFull,
    jobWorkersMax: jobMax,
    reserve(user) {
      const place = places.get(user.queue) ?? -1;
      const free = place === -1 ? 0 : freeWorkers(place, inUse);
      if (free === 0) return "queue_full";
      if (isJobFull(user)) return "job_full";
      inUse.busy[place] = (inUse.busy[place] as number) + 1;
      busy += 1;
      if (!user.exclusive) heldByJob.set(user.jobUid, (heldByJob.get(user.jobUid) ?? 0) + 1);
      if (inUse.busy.some((_, any) => freeWorkers(any, inUse) === 0)) onChange();
      return "reserved";
    },
    release(users) {
      if (users.length === 0) return;
      for (const user of users) releaseOne(user);
      busy -= users.length;
      if (busy === 0) {
        idle?.resolve();
        idle = null;
      }
      onChange();
    },
    plan: () => planWorkers(places, { ...inUse, busy: [...inUse.busy] }),
  };
}

type WorkersInUse = Parameters<typeof freeWorkers>[1];

const planWorkers = (places: ReadonlyMap<string, number>, planned: WorkersInUse & { readonly busy: number[] }): PlannedWorkers => ({
  free: (queue) => countFree(places, planned, queue),
  take(queue) {
    const place = places.get(queue) ?? 0;
    planned.busy[place] = (planned.busy[place] as number) + 1;
  },
});

function countFree(places: ReadonlyMap<string, number>, inUse: WorkersInUse, queue: string): number {
  const place = places.get(queue);
  return place === undefined ? 0 : freeWorkers(place, inUse);
}
