import type { Digest } from "../../../domain/digest.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Store } from "../../../ports/store.ts";
import type { OnUnreadable } from "../../../ports/unreadable.ts";
import { createAnnouncements } from "./announcements.ts";
import { createDecidedTime } from "./decided-time.ts";
import { createDeferredRuns } from "./deferred-runs.ts";
import { createDueJobs } from "./due-jobs.ts";
import { createDueRuns } from "./due-runs.ts";
import { losingAnswers, type StoreFaults } from "./faults.ts";
import { createHandlerRegistry } from "./handler-registry.ts";
import { createJobCatalog } from "./job-catalog.ts";
import { createJobOutbox } from "./job-outbox.ts";
import { createJobStatus } from "./job-status.ts";
import { createLeaseRows } from "./lease-rows.ts";
import { createRequests } from "./requests.ts";
import { createRetention } from "./retention.ts";
import { createRunClaims } from "./run-claims.ts";
import { createRunControl } from "./run-control.ts";
import { createRunLeases } from "./run-leases.ts";
import { createRunQueries } from "./run-queries.ts";
import { createMemoryState, type MemoryState } from "./state.ts";

export interface MemoryStoreOptions {
  /** The store's own time. */
  readonly clock: Clock;
  readonly digest: Digest;
  readonly faults?: StoreFaults;
  readonly onUnreadable?: OnUnreadable;
}

/**
 * A store that forgets everything with its process. Leases are true ones, ended by time; a fire can be made to crash
 * half-way, as on a store that bridges job and runs with pending entries (see `StoreFaults`).
 */
export function createMemoryStore({ clock, digest, faults = {}, onUnreadable = () => {} }: MemoryStoreOptions): Store {
  return memoryStoreOver(createMemoryState({ clock, digest, onUnreadable }), faults);
}

/** The same over rows that a test can reach. */
export function memoryStoreOver(state: MemoryState, faults: StoreFaults): Store {
  const { clock } = state;
  const store: Store = {
    jobs: createJobCatalog(state),
    outbox: createJobOutbox(state),
    requests: createRequests(state),
    runs: createRunQueries(state),
    control: createRunControl(state),
    dueJobs: createDueJobs(state, faults),
    dueRuns: createDueRuns(state),
    deferred: createDeferredRuns(state),
    leases: createRunLeases(state),
    claims: createRunClaims(state),
    announcements: createAnnouncements(state),
    status: createJobStatus(state),
    retention: createRetention(state),
    handlers: createHandlerRegistry(state),
    leaders: createLeaseRows(state),
    decided: createDecidedTime(state),
    ping: async () => ({ now: clock.now() }),
    close: async () => {},
  };
  return faults.loseAnswer === undefined ? store : losingAnswers(store, faults.loseAnswer);
}
