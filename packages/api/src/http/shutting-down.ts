import type { Answer } from "./answer.ts";
import { problem } from "./problem.ts";

/** What is said of readiness from the first sign of a stop, and of everything else once nothing more is taken. */
export const shuttingDown = (): Answer => problem("shutting_down", "the service finishes what it has begun and takes nothing new");
