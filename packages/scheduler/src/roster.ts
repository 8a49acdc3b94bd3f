import type { Hold, Lock } from "@tickline/shared/ports/lock";
import type { Standing } from "./range-share.ts";

export interface RosterOptions {
  readonly name: string;
  readonly lock: Lock;
  readonly ttlMs: number;
  /** As many as there are ranges: who finds none free has no share, and waits for one. */
  readonly seats: number;
  /** Known to nobody else. */
  readonly token: string;
}

/** How many schedulers are alive, by locks alone: each holds a seat, the lowest that is free. */
export interface Roster {
  /** Keeps or finds a seat and counts the others. Null: no seat is free, or nothing is known, since the lock server does not answer. */
  call(): Promise<Standing | null>;
  leave(): Promise<void>;
}

/**
 * Seats are counted upwards from one's own by asking for each, and giving back at once what was free. Two who ask at the
 * same moment may count one more than there are, and behind gaps some are not counted until they moved down: both last a
 * round or two, and decide only how evenly ranges are shared, never whether somebody leads them.
 */
export function createRoster({ name, lock, ttlMs, seats, token }: RosterOptions): Roster {
  let own: { seat: number; hold: Hold } | null = null;
  let lastAlive = 1;

  const ask = (seat: number): Promise<Hold | null> => lock.acquire(`${name}-seat-${seat}`, ttlMs);

  /** A server that refuses what nobody else can have asked for does not answer: what it refused before says nothing. */
  async function serverAnswers(): Promise<boolean> {
    const hold = await lock.acquire(`${name}-check-${token}`, ttlMs);
    await hold?.release();
    return hold !== null;
  }

  async function leave(): Promise<void> {
    const left = own;
    own = null;
    await left?.hold.release();
  }
  async function keep(): Promise<void> {
    if (own !== null && !(await own.hold.extend())) await leave();
  }
  /** So seats stay without gaps: who sits above one that became free takes it. */
  async function moveDown(): Promise<void> {
    for (let seat = 0; seat < (own?.seat ?? seats); seat += 1) {
      const hold = await ask(seat);
      if (hold === null) continue;
      await leave();
      own = { seat, hold };
    }
  }
  /** Those above: up to two free seats in a row, since one is free where somebody just moved down. */
  async function countAbove(own: number): Promise<number> {
    let taken = 0;
    for (let seat = own + 1, free = 0; seat < seats && free < 2; seat += 1) {
      const hold = await ask(seat);
      await hold?.release();
      free = hold === null ? 0 : free + 1;
      taken += hold === null ? 1 : 0;
    }
    return taken;
  }
  return {
    async call() {
      await keep();
      await moveDown();
      if (own === null) return null;
      const { seat } = own;
      const alive = seat + 1 + (await countAbove(seat));
      if (alive > lastAlive && !(await serverAnswers())) return null;
      lastAlive = alive;
      return { seat, alive };
    },
    leave,
  };
}
