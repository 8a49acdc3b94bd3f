/** Named leases in the store: what leadership falls back on when there is no lock server. By the store's own clock. */
export interface LeaseRows {
  /** Takes or renews the lease for `ttlMs`, if nobody else holds it. True: it is the owner's now. */
  take(lease: { readonly name: string; readonly owner: string; readonly ttlMs: number }): Promise<boolean>;
  /** Gives it up, if the owner holds it. */
  release(lease: { readonly name: string; readonly owner: string }): Promise<void>;
}
