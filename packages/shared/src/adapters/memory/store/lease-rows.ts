import { LEASE_LIVES_MAX, type LeaseRows } from "../../../ports/lease-rows.ts";
import type { MemoryState } from "./state.ts";

export const createLeaseRows = ({ leaders, clock }: MemoryState): LeaseRows => ({
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
