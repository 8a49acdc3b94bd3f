/** A lock that was granted. */
export interface Hold {
  /** Monotonic milliseconds until which the holder may act. The lock is not granted to another before. Read it before each batch. */
  readonly validUntilMs: number;
  /** Moves `validUntilMs`; false: the lock is lost, stop. */
  extend(): Promise<boolean>;
  /** Safe to call twice, and when it is no longer held. */
  release(): Promise<void>;
}

/**
 * A lock only saves work: it may be granted to none or to all, and nothing is lost or run twice. So there is
 * no waiting and no fairness: a refused caller requests it again later.
 */
export interface Lock {
  /** Null: another process holds it, or the lock server does not answer. */
  acquire(name: string, ttlMs: number): Promise<Hold | null>;
}

/** A lock kept by a server, which may be unavailable. */
export interface LockServer extends Lock {
  /** False: the server did not answer the last request, so a refusal does not imply another holder. */
  answers(): boolean;
  /** Closes the connection. Held locks end when they expire; to end them at once, release them first. Safe to call twice. */
  close(): Promise<void>;
}
