/**
 * Leases that end by time: those of executors that are other processes than this one. The leases of before belong to the process that wrote them, and
 * end with it.
 */
export const LEASES_BY_TIME_5 = `
ALTER TABLE runs ADD COLUMN lease_by_time INTEGER NOT NULL DEFAULT 0;
`;
