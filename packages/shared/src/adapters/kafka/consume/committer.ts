import type { Clock, Timer } from "../../../ports/clock.ts";
import type { Logger } from "../../../runtime/log/logger.ts";

/** The next message to read of a partition, as Kafka counts. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

export interface CommitterOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly commit: (positions: Position[]) => Promise<void>;
}

/** Commits where the group has got to: at most one commit at a time, each with the latest position of every partition. */
export interface Committer {
  mark(positions: readonly Position[]): void;
  /** Commits the marked positions as soon as possible. Resolves when they are committed, or the commit failed. */
  flush(): Promise<void>;
  /** Drops the marked positions: another member may have the partitions now. */
  clear(): void;
}

/** A commit is not urgent, since consumers are safe to repeat. Few commits keep the load of the broker low. */
const COMMIT_EVERY_MS = 200;

export function createCommitter({ clock, log, commit }: CommitterOptions): Committer {
  const marked = new Map<string, Position>();
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    timer?.cancel();
    timer = null;
    const positions = [...marked.values()];
    marked.clear();
    if (positions.length === 0) return;
    try {
      await commit(positions);
    } catch (fault) {
      // The next mark of the partition says more than this one; without a next one it is read again, which is harmless.
      log.debug({ err: fault }, "offsets were not committed");
    }
  }
  function start(): Promise<void> {
    running ??= run().finally(() => {
      running = null;
      if (marked.size > 0) arm();
    });
    return running;
  }
  function arm(): void {
    timer ??= clock.setTimer(COMMIT_EVERY_MS, () => void start());
  }
  return {
    mark(positions) {
      for (const position of positions) marked.set(`${position.topic}/${position.partition}`, position);
      if (running === null) arm();
    },
    async flush() {
      await running;
      await start();
    },
    clear() {
      marked.clear();
    },
  };
}
