import { z } from "zod";

/** An instant that is late up to this long fires normally. An older one is a misfire, and its job's policy applies. */
export const MISSED_AFTER_MS = 60_000;
/** Most misfires that policy `all` may ask to run. Bounded, so that catch-up after any outage is. */
export const MISFIRE_COUNT_MAX = 500;

export const MISFIRE_POLICIES = ["skip", "one", "all"] as const;

const MisfireObject = z.strictObject({
  policy: z
    .enum(MISFIRE_POLICIES)
    .default("one")
    .meta({ description: "`skip`: none runs. `one`: the latest. `all`: the latest `maxCount`." }),
  maxLatenessMs: z
    .int()
    .min(0)
    .max(31_536_000_000)
    .default(86_400_000)
    .meta({ description: "Misfires older than this never run, in milliseconds." }),
  maxCount: z.int().min(1).max(MISFIRE_COUNT_MAX).default(100).meta({ description: "`all` runs at most this many, the latest." }),
});

/** How misfires are handled. `skip`: none runs. `one`: the latest. `all`: the latest `maxCount`. */
export const MisfirePolicySchema = z
  .union([z.enum(MISFIRE_POLICIES).transform((policy) => MisfireObject.parse({ policy })), MisfireObject])
  .meta({ description: "A bare string is the policy." });
export const MisfireView = MisfireObject.meta({ id: "MisfirePolicy" });

export type MisfirePolicy = z.output<typeof MisfireObject>;

/** How many of the misfires the policy lets run: always the latest ones. */
export const misfiresKept = (policy: MisfirePolicy): number =>
  policy.policy === "skip" ? 0 : policy.policy === "one" ? 1 : policy.maxCount;
