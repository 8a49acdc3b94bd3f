import type { Instant } from "../../domain/time/instant.ts";
import type { JsonObject } from "../../domain/json/json.ts";
import type { Run, RunCause } from "../../domain/run/run.ts";
import type { RunState } from "../../domain/run/run-state.ts";
import type { Page, PageRequest } from "../page.ts";

/** `from` inclusive, `to` exclusive, both on `scheduledFor`. `jobId` sees the runs of every job that had the id; `jobUid` those of one job, found fastest together with its `jobId`. */
export interface RunQuery extends PageRequest {
  readonly jobId?: string;
  readonly jobUid?: string;
  readonly state?: RunState;
  readonly cause?: RunCause;
  readonly from?: Instant;
  readonly to?: Instant;
  /** False: outputs are not read, and are null. Default: true. */
  readonly outputs?: boolean;
}

/** The history. Lists are by run id descending, which is newest `scheduledFor` first. */
export interface RunQueries {
  get(tenantId: string, runId: string): Promise<Run | null>;
  list(tenantId: string, query: RunQuery): Promise<Page<Run>>;
  /**
   * The params that these runs use on all their attempts, by run id, even if their job was changed since. Unknown runs, and those whose
   * definition cannot be read, are left out.
   */
  params(tenantId: string, runIds: readonly string[]): Promise<ReadonlyMap<string, JsonObject>>;
  /** The definition hash and job uid of a run, to make another like it. Null: no such run, or its definition cannot be read. */
  origin(tenantId: string, runId: string): Promise<{ readonly jobUid: string; readonly definitionHash: string } | null>;
}
