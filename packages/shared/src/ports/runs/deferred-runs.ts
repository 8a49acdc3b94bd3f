import { publicationPlace } from "../../domain/queue/priority.ts";
import type { Shard } from "../../domain/slot.ts";

export interface ResumeRequest {
  readonly shard: Shard;
  readonly queue: string;
  /** Types that some executor can run. */
  readonly handlers: readonly string[];
  /** Only runs after this position (`ResumeResult.next`) in the order of publication; null: from the first. */
  readonly after: string | null;
  readonly limit: number;
}

export interface ResumeResult {
  /** The runs that are publishable now. */
  readonly runIds: readonly string[];
  /** Where the next call continues; null: there are no more. */
  readonly next: string | null;
}

/** `found`: the result for a page of `limit` runs. */
export const resumeResult = (found: readonly { readonly runId: string; readonly priority: number }[], limit: number): ResumeResult => {
  const last = found.at(-1);
  return { runIds: found.map(({ runId }) => runId), next: last === undefined || found.length < limit ? null : publicationPlace(last) };
};

/**
 * Runs that executors have deferred as `unknown_handler`. Only `resume` makes them publishable again, not time: otherwise a
 * backlog of runs without an executor would precede younger runs each time. They expire, and can be claimed and cancelled, like others.
 */
export interface DeferredRuns {
  /** Queues that have such runs. */
  queues(shard: Shard): Promise<readonly string[]>;
  /** Makes those of these handlers publishable, in the order of publication. Repeating it is harmless. */
  resume(request: ResumeRequest): Promise<ResumeResult>;
  /** Those of these runs that wait to be published or claimed: neither taken nor deferred again. Runs that cannot be read are left out. */
  waiting(runIds: readonly string[]): Promise<readonly string[]>;
}
