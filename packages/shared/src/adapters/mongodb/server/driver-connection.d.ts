// The driver has no types for its inner modules; this is all that connection.ts touches.
declare module "mongodb/lib/cmap/connection.js" {
  import type { EventEmitter } from "node:events";
  export class Connection extends EventEmitter {
    writeCommand(...request: unknown[]): Promise<void>;
  }
}
// What faults.test.ts makes one of.
declare module "mongodb/lib/cmap/errors.js" {
  export class PoolClearedOnNetworkError extends Error {
    constructor(pool: { readonly address: string });
  }
}
