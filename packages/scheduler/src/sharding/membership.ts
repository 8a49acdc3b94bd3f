import type { Hold, Lock } from "@tickline/shared/ports/lock";
import type { MemberPosition } from "./shards.ts";

export interface MembershipOptions {
  readonly name: string;
  readonly lock: Lock;
  readonly ttlMs: number;
  /** As many as there are shards: a further scheduler would have no share, and waits for a number to become free. */
  readonly membersMax: number;
  /** Known to no other scheduler. */
  readonly token: string;
}

/** Counts the running schedulers, only by locks: each holds the lock of one number, the lowest that is free. */
export interface Membership {
  /** Keeps or takes a number and counts the others. Null: no number is free, or the lock server does not answer. */
  refresh(): Promise<MemberPosition | null>;
  leave(): Promise<void>;
}

/**
 * The others are counted by asking for each number above one's own; a lock that is granted is released at once. Two schedulers that ask at
 * the same moment may count one too many, and behind a gap some are not counted until they have moved down. Both end after a
 * round or two. They affect only how evenly shards are shared, never whether each has a leader.
 */
export function createMembership({ name, lock, ttlMs, membersMax, token }: MembershipOptions): Membership {
  let own: { member: number; hold: Hold } | null = null;
  let lastMembers = 1;

  /** Other versions use the same names for these locks, so they cannot change. */
  const ask = (member: number): Promise<Hold | null> => lock.acquire(`${name}-seat-${member}`, ttlMs);

  /** If even a lock that only this scheduler knows is refused, the server does not answer, and its earlier refusals have no meaning. */
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
  /** Takes the lowest free number, so that the numbers have no gaps for long. */
  async function moveDown(): Promise<void> {
    for (let member = 0; member < (own?.member ?? membersMax); member += 1) {
      const hold = await ask(member);
      if (hold === null) continue;
      await leave();
      own = { member, hold };
    }
  }
  /** Counts those above until two numbers in a row are free: one alone may be free because its member has just moved down. */
  async function countAbove(below: number): Promise<number> {
    let taken = 0;
    for (let member = below + 1, free = 0; member < membersMax && free < 2; member += 1) {
      const hold = await ask(member);
      await hold?.release();
      free = hold === null ? 0 : free + 1;
      taken += hold === null ? 1 : 0;
    }
    return taken;
  }
  return {
    async refresh() {
      await keep();
      await moveDown();
      if (own === null) return null;
      const { member } = own;
      const members = member + 1 + (await countAbove(member));
      if (members > lastMembers && !(await serverAnswers())) return null;
      lastMembers = members;
      return { member, members };
    },
    leave,
  };
}
