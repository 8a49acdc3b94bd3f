/** A lease that ends later than this many times its duration from now was taken by a clock that was ahead, and is free. */
export const LEASE_LIVES_MAX = 2;

/** Named leases in the store, the fallback for leadership when there is no lock server. By the store's own clock. */
export interface LeaseRows {
  /** Takes or renews the lease for `ttlMs`, the same for all candidates, if no other owner holds it. True: the owner holds it now. */
  take(lease: { readonly name: string; readonly owner: string; readonly ttlMs: number }): Promise<boolean>;
  /** Releases it, if the owner holds it. */
  release(lease: { readonly name: string; readonly owner: string }): Promise<void>;
}
