import { LEASE_LIVES_MAX, type LeaseRows } from "../../ports/store/lease-rows.ts";
import type { StoreContext } from "./context.ts";

/**
 * By the server's time, asked for first: it is a little old when it is used, so no lease is taken early,
 * and a lease ends no later than its owner assumes.
 */
export const createLeaseRows = ({ rows: { leaders }, serverNow }: StoreContext): LeaseRows => ({
  async take({ name, owner, ttlMs }) {
    const now = await serverNow();
    const lease = { owner, expiresAt: now + ttlMs };
    const ahead = { expiresAt: { $gt: now + LEASE_LIVES_MAX * ttlMs } };
    const free = { _id: { $eq: name }, $or: [{ owner: { $eq: owner } }, { expiresAt: { $lte: now } }, ahead] };
    if ((await leaders.updateMany(free, { $set: lease })) > 0) return true;
    return (await leaders.insert([{ _id: name, ...lease }])).length === 0;
  },
  async release({ name, owner }) {
    await leaders.deleteMany({ _id: { $eq: name }, owner: { $eq: owner } });
  },
});
