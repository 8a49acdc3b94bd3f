/** A lock that was granted. */
export interface Hold {
  /** Monotonic milliseconds until which the holder may act: before the lock could be granted to another. Read it before each batch. */
  readonly validUntilMs: number;
  /** Moves `validUntilMs`; false: the lock is no longer ours, stop. */
  extend(): Promise<boolean>;
  /** Safe to call twice, and when it is no longer held. */
  release(): Promise<void>;
}

/**
 * A lock only saves work: it may be granted to none or to all, and nothing is lost or run twice. So there is
 * no waiting and no fairness: a refused caller asks again.
 */
export interface Lock {
  /** Null: somebody else holds it, or the lock server does not answer. */
  acquire(name: string, ttlMs: number): Promise<Hold | null>;
}

/** A lock kept by a server, which may be away. */
export interface LockServer extends Lock {
  /** False: the server gave no answer to what was asked last, so a refusal says nothing about other holders. */
  answers(): boolean;
  /** Holds end by themselves; whoever wants them to end now releases them first. Safe to call twice. */
  close(): Promise<void>;
}
