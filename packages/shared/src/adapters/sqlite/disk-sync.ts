import { closeSync, fdatasync, openSync } from "node:fs";
import type { MarkKeeper } from "./mark-keeper.ts";

/**
 * Puts the log of commits on disk beside the thread's own work: while one sync is under way, the next transaction runs,
 * and the sync after it stands for all that was committed meanwhile. Measured: half of the thread's time was waiting.
 * SQLite itself syncs only when it copies the log into the file (`synchronous = NORMAL`), which is what keeps the file
 * whole; what makes a commit durable is that its answer waits for a sync that began after it.
 */
export interface DiskSync {
  /** Calls back when all that is committed by now is on disk. */
  afterSync(done: () => void): void;
  /** True while a sync is under way. */
  readonly busy: boolean;
  /** Calls back once, when no sync is under way any more. */
  whenIdle(done: () => void): void;
  close(): void;
}

/** `onFault`: a sync failed, so nobody knows what of the log is on disk: nothing may be answered any more. */
export function openDiskSync(
  logFile: string,
  mark: Pick<MarkKeeper, "syncBegins" | "syncEnded">,
  onFault: (fault: Error) => void,
): DiskSync {
  const log = openSync(logFile, "r+");
  let waiting: (() => void)[] = [];
  let idle: (() => void)[] = [];
  let busy = false;

  function sync(): void {
    const done = waiting;
    waiting = [];
    busy = true;
    mark.syncBegins();
    fdatasync(log, (fault) => {
      busy = false;
      if (fault !== null) {
        onFault(fault);
        return;
      }
      mark.syncEnded();
      for (const call of done) call();
      if (waiting.length > 0) sync();
      const idlers = idle;
      idle = [];
      for (const call of idlers) call();
    });
  }
  return {
    afterSync(done) {
      waiting.push(done);
      if (!busy) sync();
    },
    get busy() {
      return busy;
    },
    whenIdle(done) {
      if (busy) idle.push(done);
      else done();
    },
    close: () => closeSync(log),
  };
}

/** Of a file in memory nothing is to be synced. */
export const noDiskSync: DiskSync = {
  afterSync: (done) => done(),
  busy: false,
  whenIdle: (done) => done(),
  close() {},
};
