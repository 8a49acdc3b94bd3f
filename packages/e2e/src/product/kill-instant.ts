import { setTimeout as wait } from "node:timers/promises";
import type { SeededRandom } from "../driver/seeded-random.ts";
import type { RecorderProcess } from "../recorder/recorder-process.ts";

/** `starting`: before or just after it is up. `random`: at any time. The others: in the middle of what they name. */
export type KillInstant = "starting" | "random" | "effect-start" | "effect-end" | "write";

const INSTANTS: readonly (readonly [weight: number, instant: KillInstant])[] = [
  [3, "starting"],
  [7, "random"],
  [3, "effect-start"],
  [3, "effect-end"],
  [4, "write"],
];
const STARTING_MS_MAX = 600;
const LIFE_MS_MIN = 200;
const LIFE_MS_MAX = 2_200;
/** A kill comes up to this long after what it waited for, so that it meets every step that follows. Milliseconds. */
const AFTER_MS_MAX = 5;

export interface KillSignals {
  readonly whenUp: () => Promise<void>;
  /** Resolves when a client has just sent a write. */
  readonly nextWrite: () => Promise<void>;
  readonly recorder: Pick<RecorderProcess, "nextStart" | "nextEnd">;
}

/** Chooses the next instant to kill at. `comes` resolves when it has come. */
export function chooseKillInstant(random: SeededRandom, { whenUp, nextWrite, recorder }: KillSignals) {
  const instant = random.pick(INSTANTS);
  const lifeMs = random.whole(LIFE_MS_MIN, LIFE_MS_MAX);
  const startingMs = random.whole(0, STARTING_MS_MAX);
  const afterMs = random.whole(0, AFTER_MS_MAX);
  const signals: Readonly<Record<KillInstant, () => Promise<void>>> = {
    starting: () => wait(startingMs),
    random: lived,
    "effect-start": () => lived().then(recorder.nextStart),
    "effect-end": () => lived().then(recorder.nextEnd),
    write: () => lived().then(nextWrite),
  };
  async function lived(): Promise<void> {
    await whenUp();
    await wait(lifeMs);
  }
  return { instant, comes: () => signals[instant]().then(() => wait(afterMs)) };
}
