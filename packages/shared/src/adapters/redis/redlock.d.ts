/** What we use of redlock 5: its package has these types, but its `exports` hide them. */
declare module "redlock" {
  import type { Redis } from "ioredis";

  export interface ExecutionStats {
    readonly votesAgainst: ReadonlyMap<Redis, Error>;
  }

  export class ExecutionError extends Error {
    readonly attempts: readonly Promise<ExecutionStats>[];
  }

  export class ResourceLockedError extends Error {}

  export interface Lock {
    /** Wall-clock time: it refuses to extend a lock beyond it. */
    expiration: number;
  }

  export default class Redlock {
    constructor(clients: Iterable<Redis>, settings: { readonly retryCount: number });
    acquire(resources: readonly string[], durationMs: number): Promise<Lock>;
    extend(lock: Lock, durationMs: number): Promise<Lock>;
    release(lock: Lock): Promise<unknown>;
  }
}
