import type { Digest } from "../../../domain/digest.ts";
import type { Instant } from "../../../domain/instant.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { HandlerDescription } from "../../../ports/handler-registry.ts";
import type { RequestBinding } from "../../../ports/requests.ts";
import type { OnUnreadable } from "../../../ports/unreadable.ts";
import { createJobTable, type JobTable } from "./job-table.ts";
import { createOutboxTable, type OutboxTable } from "./outbox-table.ts";
import { createRunTable, type RunTable } from "./run-table.ts";
import { createSortedIndex, type SortedIndex } from "./sorted-index.ts";

export interface LeaderRow {
  readonly owner: string;
  readonly expiresAt: Instant;
}

/** What all ports of one memory store share. Every method works on it without a pause, so nobody sees half a write. */
export interface MemoryState {
  readonly clock: Clock;
  readonly digest: Digest;
  readonly onUnreadable: OnUnreadable;
  readonly jobs: JobTable;
  readonly runs: RunTable;
  readonly outbox: OutboxTable;
  /** By (tenant, scope, key), and by when they were bound. */
  readonly bindings: Map<string, RequestBinding>;
  readonly bindingsByAge: SortedIndex<string>;
  readonly handlers: Map<string, HandlerDescription>;
  readonly leaders: Map<string, LeaderRow>;
  watermark: Instant;
  decidedAt: Instant;
  readonly forgotten: { runs: Instant; jobs: Instant };
}

export const createMemoryState = ({
  clock,
  digest,
  onUnreadable,
}: Pick<MemoryState, "clock" | "digest" | "onUnreadable">): MemoryState => ({
  clock,
  digest,
  onUnreadable,
  jobs: createJobTable(),
  runs: createRunTable(),
  outbox: createOutboxTable(),
  bindings: new Map(),
  bindingsByAge: createSortedIndex(),
  handlers: new Map(),
  leaders: new Map(),
  watermark: 0,
  decidedAt: 0,
  forgotten: { runs: 0, jobs: 0 },
});
