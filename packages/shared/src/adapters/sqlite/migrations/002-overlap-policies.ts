/**
 * Policies of overlap that are not just exclusive or not. Since when a run of a later attempt is due was not written before, and it may
 * have waited long for its retry: it counts from now.
 */
export const OVERLAP_POLICIES_2 = `
ALTER TABLE traits ADD COLUMN overlap TEXT NOT NULL DEFAULT 'skip';
UPDATE traits SET overlap = 'allow' WHERE exclusive = 0;
ALTER TABLE traits DROP COLUMN exclusive;
UPDATE runs SET extra = json_set(coalesce(extra, '{}'), '$.dueAt', CAST(unixepoch('subsec') * 1000 AS INTEGER))
  WHERE parked = 1 AND state = 0 AND attempt > 1 AND (extra IS NULL OR json_valid(extra));
`;
