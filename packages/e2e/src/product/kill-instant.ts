import { once, type EventEmitter } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { SeededRandom } from "../driver/seeded-random.ts";
import type { RecorderProcess } from "../recorder/recorder-process.ts";

/**
 * `starting`: before or just after it is up. `random`: at any time. `effect-start` and `effect-end`: when a target was
 * called, or has answered. `write` and `answer`: when a client has sent a write, or received its answer.
 */
export type KillInstant = "starting" | "random" | "effect-start" | "effect-end" | "write" | "answer";

/** Dealt out in a random order, then shuffled again: a few kills already meet every kind. */
const DECK: readonly KillInstant[] = ["starting", "random", "random", "random", "effect-start", "effect-end", "write", "answer"];

const STARTING_MS_MAX = 600;
const LIFE_MS_MIN = 200;
const LIFE_MS_MAX = 2_200;
/** A kill comes at once, or up to this long after what it waited for, so that it meets every step that follows. Milliseconds. */
const AFTER_MS_MAX = 5;
const AT_ONCE_SHARE = 0.5;

export interface KillSignals {
  readonly whenUp: () => Promise<void>;
  /** Emits `sent` when a client has sent a write, and `answered` when it has received the answer. */
  readonly writes: EventEmitter;
  readonly recorder: Pick<RecorderProcess, "nextStart" | "nextEnd">;
}

export interface KillInstants {
  /** The next instant to kill at: `comes` resolves when it has come. */
  next(): { readonly instant: KillInstant; readonly comes: () => Promise<unknown> };
}

export function createKillInstants(random: SeededRandom, { whenUp, writes, recorder }: KillSignals): KillInstants {
  const deck: KillInstant[] = [];

  function deal(): KillInstant {
    if (deck.length === 0) deck.push(...DECK);
    return deck.splice(random.whole(0, deck.length - 1), 1)[0] ?? "random";
  }
  async function lived(): Promise<void> {
    await whenUp();
    await wait(random.whole(LIFE_MS_MIN, LIFE_MS_MAX));
  }
  const signals: Readonly<Record<KillInstant, () => Promise<unknown>>> = {
    starting: () => wait(random.whole(0, STARTING_MS_MAX)),
    random: lived,
    "effect-start": () => lived().then(recorder.nextStart),
    "effect-end": () => lived().then(recorder.nextEnd),
    write: () => lived().then(() => once(writes, "sent")),
    answer: () => lived().then(() => once(writes, "answered")),
  };
  return {
    next() {
      const instant = deal();
      const afterMs = random.chance(AT_ONCE_SHARE) ? 0 : random.whole(1, AFTER_MS_MAX);
      return { instant, comes: () => (afterMs === 0 ? signals[instant]() : signals[instant]().then(() => wait(afterMs))) };
    },
  };
}
