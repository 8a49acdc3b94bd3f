import { expect, test } from "@jest/globals";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import type { Lock } from "@tickline/shared/ports/lock";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { createMembership, type Membership } from "./membership.ts";

const TTL_MS = 10_000;

function setup({ membersMax = 8, answer = "honest" as "honest" | "all" | "none" } = {}) {
  const clock = manualClock(0);
  const lock = createMemoryLock({ clock, answer });
  let memberships = 0;
  let unavailable = false;
  const seen: Lock = { acquire: async (name, ttlMs) => (unavailable ? null : lock.acquire(name, ttlMs)) };
  return {
    clock,
    membership: () => createMembership({ name: "r", lock: seen, ttlMs: TTL_MS, membersMax, token: String((memberships += 1)) }),
    goAway: () => void (unavailable = true),
    comeBack: () => void (unavailable = false),
  };
}

/** One round of each, one after another. */
const refreshAll = async (memberships: readonly Membership[]) => {
  const positions = [];
  for (const membership of memberships) positions.push(await membership.refresh());
  return positions;
};

test("each has a number of its own, and after one refresh of each all count the same", async () => {
  const { membership } = setup();
  const three = [membership(), membership(), membership()];
  await refreshAll(three);
  expect(await refreshAll(three)).toEqual([0, 1, 2].map((member) => ({ member, members: 3 })));
});

test("when one member leaves, the others move down and count one less within two rounds", async () => {
  const { membership } = setup();
  const [first, second, third] = [membership(), membership(), membership()];
  await refreshAll([first, second, third]);
  await first.leave();
  expect(await refreshAll([second, third])).toEqual([
    { member: 0, members: 2 },
    { member: 1, members: 2 },
  ]);
  await second.leave();
  await second.leave();
  expect(await refreshAll([third])).toEqual([{ member: 0, members: 1 }]);
});

test("a member that does not answer any more is counted until its lock ends", async () => {
  const { membership, clock } = setup();
  const [first, second] = [membership(), membership()];
  await refreshAll([first, second]);
  clock.advance(TTL_MS - 1);
  expect(await second.refresh()).toEqual({ member: 1, members: 2 });
  clock.advance(1);
  expect(await second.refresh()).toEqual({ member: 0, members: 1 });
});

test("a scheduler that lost its number takes another", async () => {
  const { membership, clock } = setup();
  const [first, second] = [membership(), membership()];
  await first.refresh();
  clock.advance(TTL_MS);
  await second.refresh();
  expect(await first.refresh()).toEqual({ member: 1, members: 2 });
});

test("a scheduler that finds no free number has no position, and takes the first that becomes free", async () => {
  const { membership } = setup({ membersMax: 2 });
  const three = [membership(), membership(), membership()];
  expect(await refreshAll(three)).toEqual([{ member: 0, members: 1 }, { member: 1, members: 2 }, null]);
  await three[0]?.leave();
  expect(await three[2]?.refresh()).toEqual({ member: 0, members: 2 });
});

test("with a lock server that grants all, or nothing, refresh still answers", async () => {
  const generous = setup({ answer: "all" }).membership();
  expect([await generous.refresh(), await generous.refresh()]).toEqual([
    { member: 0, members: 1 },
    { member: 0, members: 1 },
  ]);
  expect(await setup({ answer: "none" }).membership().refresh()).toBeNull();
});

test("a server that does not answer is not taken for one whose locks are all held", async () => {
  const { membership, goAway, comeBack } = setup();
  const [first, second] = [membership(), membership()];
  await refreshAll([first, second]);
  await refreshAll([first, second]);
  goAway();
  expect(await refreshAll([first, second])).toEqual([null, null]);
  comeBack();
  expect(await refreshAll([first, second])).toEqual([
    { member: 0, members: 2 },
    { member: 1, members: 2 },
  ]);
});
