import { AppError } from "../../domain/app-error.ts";

/** Most rounds of a write that loses against other writes; in each round another process has written. */
const ROUNDS_MAX = 20;

/** Tries a write until it returns an outcome. Null: another process was quicker. */
export async function inRounds<Outcome>(deed: string, attempt: (round: number) => Promise<Outcome | null>): Promise<Outcome> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const outcome = await attempt(round);
    if (outcome !== null) return outcome;
  }
  throw new AppError("store_unavailable", `${deed}: others changed it ${ROUNDS_MAX} times meanwhile`, { retryable: true });
}
