import type { Digest } from "../../domain/digest.ts";
import { toEndedRun } from "../../domain/run/run-record.ts";
import { isInShard } from "../../domain/slot.ts";
import type { Announcements } from "../../ports/runs/announcements.ts";
import type { Clock } from "../../ports/clock.ts";
import { LEASE_LIVES_MAX, type LeaseRows } from "../../ports/store/lease-rows.ts";
import type { Store } from "../../ports/store/store.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { takeReadable } from "../../runtime/batch/map-readable.ts";
import { createDueJobs } from "./due-jobs.ts";
import { createDeferredRuns, createDueRuns } from "./due-runs.ts";
import { losingAnswers, type StoreFaults } from "./faults.ts";
import { createJobCatalog } from "./job-catalog.ts";
import { createJobStatus } from "./job-status.ts";
import { createRetention } from "./retention.ts";
import { createRunClaims, createRunLeases } from "./run-claims.ts";
import { createRunControl } from "./run-control.ts";
import { createRunQueries } from "./run-queries.ts";
import { ascending, createMemoryState, type MemoryState, readable } from "./state.ts";

export interface MemoryStoreOptions {
  /** The store's own time. */
  readonly clock: Clock;
  readonly digest: Digest;
  readonly faults?: StoreFaults;
  readonly onUnreadable?: OnUnreadable;
}

/**
 * The store of tests: plain maps, and every query by filter and sort. Leases end by time, as in a store of several
 * processes. A fire can be made to crash half-way, as in a store that writes job and runs one after the other (see `StoreFaults`).
 */
export function createMemoryStore({ clock, digest, faults = {}, onUnreadable = () => {} }: MemoryStoreOptions): Store {
  return memoryStoreOver(createMemoryState({ clock, digest, onUnreadable }), faults);
}

/** The same over maps that a test can access. */
export function memoryStoreOver(state: MemoryState, faults: StoreFaults): Store {
  const store: Store = {
    jobs: createJobCatalog(state),
    outbox: {
      async unsent({ shard, limit }) {
        return [...state.outbox.values()].filter(({ data }) => isInShard(data.slot, shard)).slice(0, limit);
      },
      async sent(eventIds) {
        for (const id of eventIds) state.outbox.delete(id);
      },
    },
    requests: {
      async bind(tenantId, binding) {
        const name = JSON.stringify([tenantId, binding.scope, binding.key]);
        const standing = state.bindings.get(name) ?? binding;
        state.bindings.set(name, standing);
        return standing;
      },
    },
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
    handlers: {
      async publish(descriptions) {
        for (const description of descriptions) state.handlers.set(description.type, description);
      },
      async list() {
        return [...state.handlers.values()].sort(ascending("type"));
      },
    },
    leaders: createLeaseRows(state),
    decided: {
      async latest() {
        return state.decidedAt;
      },
      async note(now) {
        state.decidedAt = Math.max(state.decidedAt, now);
      },
    },
    ping: async () => ({ now: state.clock.now() }),
    close: async () => {},
  };
  return faults.loseAnswer === undefined ? store : losingAnswers(store, faults.loseAnswer);
}

const createAnnouncements = (state: MemoryState): Announcements => ({
  async unannounced({ shard, endedBefore, limit }) {
    const found = [...state.runs.values()].filter(
      ({ announced, settledAt, slot }) => !announced && settledAt !== null && settledAt <= endedBefore && isInShard(slot, shard),
    );
    return takeReadable(found.sort(ascending("settledAt")), limit, readable(state, toEndedRun));
  },
  async announced(runIds) {
    for (const runId of runIds) {
      const run = state.runs.get(runId);
      if (run !== undefined && run.standing === null) state.runs.set(runId, { ...run, announced: true });
    }
  },
});

const createLeaseRows = ({ leaders, clock }: MemoryState): LeaseRows => ({
  async take({ name, owner, ttlMs }) {
    const held = leaders.get(name);
    const now = clock.now();
    const stands = held !== undefined && held.expiresAt > now && held.expiresAt <= now + LEASE_LIVES_MAX * ttlMs;
    if (stands && held.owner !== owner) return false;
    leaders.set(name, { owner, expiresAt: now + ttlMs });
    return true;
  },
  async release({ name, owner }) {
    if (leaders.get(name)?.owner === owner) leaders.delete(name);
  },
});
