import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { Store } from "@tickline/shared/ports/store/store";

export interface EndedRuns {
  readonly count: number;
  /** Resolves when as many runs as expected have ended, on disk. */
  readonly all: Promise<void>;
}

export interface EndedRunsQuery {
  readonly expected: number;
  readonly counts: (run: EndedRun) => boolean;
}

/** Counts runs by what the store answers to their settlement: then the result is durable, and not a moment before. */
export function countEnded({ claims }: Store, { expected, counts }: EndedRunsQuery): EndedRuns {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = claims.settle.bind(claims);
  let count = 0;
  Object.assign(claims, {
    async settle(request: Parameters<typeof settle>[0]) {
      const outcomes = await settle(request);
      for (const outcome of outcomes) if (outcome.kind === "ended" && outcome.run.state === "succeeded" && counts(outcome.run)) count += 1;
      if (count >= expected) resolve();
      return outcomes;
    },
  });
  return {
    get count() {
      return count;
    },
    all: promise,
  };
}
