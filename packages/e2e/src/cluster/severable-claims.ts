import type { RunClaims } from "@tickline/shared/ports/runs/run-claims";

/** The way from one executor to the store, which can be cut: what is asked meanwhile arrives when it is mended. */
export interface SeverableClaims {
  readonly claims: RunClaims;
  sever(): void;
  mend(): void;
  /** Results that came too late and were refused. */
  readonly staleSettles: number;
}

export function severableClaims(claims: RunClaims): SeverableClaims {
  let open = Promise.withResolvers<void>();
  let staleSettles = 0;
  open.resolve();
  return {
    claims: {
      read: (runIds) => open.promise.then(() => claims.read(runIds)),
      holders: (runIds) => open.promise.then(() => claims.holders(runIds)),
      lastRuns: (jobUids) => open.promise.then(() => claims.lastRuns(jobUids)),
      claim: (request) => open.promise.then(() => claims.claim(request)),
      heartbeat: (request) => open.promise.then(() => claims.heartbeat(request)),
      defer: (request) => open.promise.then(() => claims.defer(request)),
      async settle(request) {
        await open.promise;
        const outcomes = await claims.settle(request);
        staleSettles += outcomes.filter(({ kind }) => kind === "stale").length;
        return outcomes;
      },
    },
    sever: () => (open = Promise.withResolvers()),
    mend: () => open.resolve(),
    get staleSettles() {
      return staleSettles;
    },
  };
}
