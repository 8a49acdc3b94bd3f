/**
 * Jobs and runs have a priority; those of before have the default. Runs that wait stand in their index in the order in which they are published: the
 * rank rises as the priority falls, so that a page is one range of the index. It takes no room in the row.
 */
export const PRIORITIES_4 = `
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 5;
ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 5;
ALTER TABLE runs ADD COLUMN rank INTEGER NOT NULL GENERATED ALWAYS AS (9 - priority) VIRTUAL;
DROP INDEX runs_by_queue;
CREATE INDEX runs_by_queue ON runs (standing, queue, rank, run_id) WHERE standing <> 'running';
`;
