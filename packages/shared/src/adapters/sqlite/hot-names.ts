/** Calls made tens of thousands of times a second, or with much to carry: written to and read from packets directly. */
export const HOT_CALLS = ["fire", "settle", "claim", "apply", "announced", "upcoming", "readJobs", "publishable", "readRuns"] as const;
export type HotName = (typeof HOT_CALLS)[number];
