import { expect, test } from "@jest/globals";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import type { Lock } from "@tickline/shared/ports/lock";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { createRoster, type Roster } from "./roster.ts";

const TTL_MS = 10_000;

function setup({ seats = 8, answer = "honest" as "honest" | "everybody" | "nobody" } = {}) {
  const clock = manualClock(0);
  const lock = createMemoryLock({ clock, answer });
  let rosters = 0;
  let away = false;
  const seen: Lock = { acquire: async (name, ttlMs) => (away ? null : lock.acquire(name, ttlMs)) };
  return {
    clock,
    roster: () => createRoster({ name: "r", lock: seen, ttlMs: TTL_MS, seats, token: String((rosters += 1)) }),
    goAway: () => void (away = true),
    comeBack: () => void (away = false),
  };
}

/** One round of each, one after another. */
const callAll = async (rosters: readonly Roster[]) => {
  const standings = [];
  for (const roster of rosters) standings.push(await roster.call());
  return standings;
};

test("each has a seat of its own, and once all have called all count the same", async () => {
  const { roster } = setup();
  const three = [roster(), roster(), roster()];
  await callAll(three);
  expect(await callAll(three)).toEqual([0, 1, 2].map((seat) => ({ seat, alive: 3 })));
});

test("when one leaves the others move down, and count one less within two rounds", async () => {
  const { roster } = setup();
  const [first, second, third] = [roster(), roster(), roster()];
  await callAll([first, second, third]);
  await first.leave();
  expect(await callAll([second, third])).toEqual([
    { seat: 0, alive: 2 },
    { seat: 1, alive: 2 },
  ]);
  await second.leave();
  await second.leave();
  expect(await callAll([third])).toEqual([{ seat: 0, alive: 1 }]);
});

test("one who vanished is counted until its lock ends", async () => {
  const { roster, clock } = setup();
  const [first, second] = [roster(), roster()];
  await callAll([first, second]);
  clock.advance(TTL_MS - 1);
  expect(await second.call()).toEqual({ seat: 1, alive: 2 });
  clock.advance(1);
  expect(await second.call()).toEqual({ seat: 0, alive: 1 });
});

test("who lost a seat finds another", async () => {
  const { roster, clock } = setup();
  const [first, second] = [roster(), roster()];
  await first.call();
  clock.advance(TTL_MS);
  await second.call();
  expect(await first.call()).toEqual({ seat: 1, alive: 2 });
});

test("who finds no seat has no standing, and takes the first that gets free", async () => {
  const { roster } = setup({ seats: 2 });
  const three = [roster(), roster(), roster()];
  expect(await callAll(three)).toEqual([{ seat: 0, alive: 1 }, { seat: 1, alive: 2 }, null]);
  await three[0]?.leave();
  expect(await three[2]?.call()).toEqual({ seat: 0, alive: 2 });
});

test("with the worst locks there can be nobody is without an answer", async () => {
  const generous = setup({ answer: "everybody" }).roster();
  expect([await generous.call(), await generous.call()]).toEqual([
    { seat: 0, alive: 1 },
    { seat: 0, alive: 1 },
  ]);
  expect(await setup({ answer: "nobody" }).roster().call()).toBeNull();
});

test("a server that does not answer is not taken for one whose seats are all held", async () => {
  const { roster, goAway, comeBack } = setup();
  const [first, second] = [roster(), roster()];
  await callAll([first, second]);
  await callAll([first, second]);
  goAway();
  expect(await callAll([first, second])).toEqual([null, null]);
  comeBack();
  expect(await callAll([first, second])).toEqual([
    { seat: 0, alive: 2 },
    { seat: 1, alive: 2 },
  ]);
});
