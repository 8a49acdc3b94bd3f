import { expect, test } from "@jest/globals";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { newJob, START } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { createClaimWaits, type ClaimPlace } from "./claim-waits.ts";

const WAIT_MS = 20_000;

async function setup(limits: { claimsWaitingMax?: number; claimsWaitingPerAddressMax?: number } = {}) {
  const clock = manualClock(START);
  const bus = createMemoryBus({ clock });
  const config = { externalQueues: ["python", "ruby"], claimsWaitingMax: 10, claimsWaitingPerAddressMax: 10, ...limits };
  const waits = createClaimWaits({ bus, clock, log: silentLogger, entropy: systemEntropy, config });
  await waits.start();
  const enter = (request: { queue?: string; handlers?: readonly string[]; client?: string } = {}): ClaimPlace => {
    const place = waits.enter({ queue: "python", handlers: null, client: "127.0.0.1", ...request });
    if (typeof place === "string") throw new Error(place);
    return place;
  };
  /** Waits, and notes the name when it is woken. */
  const woken: string[] = [];
  const wait = (name: string, place: ClaimPlace) => void place.woken(WAIT_MS).then(() => woken.push(name));
  const publish = async (...handlers: readonly string[]) => {
    const events = handlers.map((handler) => jobDue({ ...newDueRun(newJob()), queue: "python", handler }, START));
    await bus.publish(dueTopic("python"), events);
    await delivered();
  };
  /** The bus delivers in a later turn of the event loop. */
  const delivered = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, bus, waits, enter, wait, woken, publish, delivered };
}

test("a run wakes one claim of its queue and handler: the one that has waited longest", async () => {
  const { enter, wait, woken, publish } = await setup();
  wait("other queue", enter({ queue: "ruby" }));
  wait("other handler", enter({ handlers: ["dance"] }));
  wait("first", enter());
  wait("second", enter({ handlers: ["greet"] }));
  await publish("greet");
  expect(woken).toEqual(["first"]);
  await publish("greet", "greet");
  expect(woken).toEqual(["first", "second"]);
});

test("a claim that was woken while it looked wakes at once", async () => {
  const { enter, wait, woken, publish, delivered } = await setup();
  const place = enter();
  place.looking();
  await publish("greet");
  wait("claim", place);
  await delivered();
  expect(woken).toEqual(["claim"]);
});

test("what a claim was woken for and did not look at wakes another, also when its client has gone", async () => {
  const { enter, wait, woken, publish, delivered } = await setup();
  const [first, second] = [enter(), enter()];
  wait("second", second);
  await publish("greet");
  expect(woken).toEqual([]);
  first.end();
  first.leave();
  await delivered();
  expect(woken).toEqual(["second"]);
});

test("a claim that has looked at it takes nothing from the others", async () => {
  const { enter, wait, woken, publish, delivered } = await setup();
  const [first, second] = [enter(), enter()];
  wait("second", second);
  await publish("greet");
  first.looking();
  first.leave();
  await delivered();
  expect(woken).toEqual([]);
});

test("a claim wakes after its time, when its client goes, and when the service stops", async () => {
  const { clock, waits, enter, wait, woken, delivered } = await setup();
  const [late, gone, stopped] = [enter(), enter(), enter()];
  wait("late", late);
  clock.advance(1);
  wait("gone", gone);
  wait("stopped", stopped);
  gone.end();
  await delivered();
  expect([woken, gone.ended, stopped.ended]).toEqual([["gone"], true, false]);
  clock.advance(WAIT_MS - 1);
  await delivered();
  expect([woken, late.ended]).toEqual([["gone", "late"], false]);
  waits.close();
  await delivered();
  expect([woken, stopped.ended, enter().ended]).toEqual([["gone", "late", "stopped"], true, true]);
  expect(clock.timers).toBe(0);
  await waits.start();
  expect(enter().ended).toBe(false);
});

test("so many claims wait at most, in all and of one address; one that leaves makes room", async () => {
  const { waits, enter } = await setup({ claimsWaitingMax: 3, claimsWaitingPerAddressMax: 2 });
  const [first] = [enter(), enter()];
  const ask = (client: string) => waits.enter({ queue: "python", handlers: null, client });
  expect(ask("127.0.0.1")).toBe("2 claims of this address wait for runs");
  enter({ client: "10.0.0.1" });
  expect([ask("10.0.0.2"), waits.waiting]).toEqual(["3 claims wait for runs", 3]);
  first?.leave();
  expect([typeof ask("127.0.0.1"), waits.waiting]).toEqual(["object", 3]);
});

test("without external queues nothing is subscribed to", async () => {
  const clock = manualClock(START);
  const bus = createMemoryBus({ clock });
  const subscribe = () => Promise.reject(new Error("no subscription"));
  const config = { externalQueues: [], claimsWaitingMax: 1, claimsWaitingPerAddressMax: 1 };
  const waits = createClaimWaits({ bus: { ...bus, subscribe }, clock, log: silentLogger, entropy: systemEntropy, config });
  await waits.start();
  await waits.stop();
});
