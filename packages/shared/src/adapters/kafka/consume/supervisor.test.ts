import { expect, test } from "@jest/globals";
import { silentLogger } from "../../../runtime/log/logger.ts";
import { manualClock } from "../../../testing/manual-clock.ts";
import { createSupervisor } from "./supervisor.ts";

const SESSION_MS = 10_000;
/** Longest wait for one answer of a broker. */
const ANSWER_MS = 30_000;

function setup() {
  const clock = manualClock(0);
  const broker = { answers: true };
  const deaths: string[] = [];
  const supervisor = createSupervisor({
    clock,
    log: silentLogger,
    group: "g",
    sessionMs: SESSION_MS,
    answerMs: ANSWER_MS,
    brokerAnswers: () => Promise.resolve(broker.answers),
    onDead: ({ message }) => void deaths.push(message),
  });
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000);
      await new Promise((turn) => setImmediate(turn));
    }
  }
  return { clock, broker, deaths, supervisor, pass };
}

test("a consumer with heartbeats lives", async () => {
  const { deaths, supervisor, pass } = setup();
  for (let beat = 0; beat < 20; beat += 1) {
    await pass(3_000);
    supervisor.alive();
  }
  expect(deaths).toEqual([]);
});

test("one without a heartbeat is dead when brokers have answered others for far longer than an answer may take", async () => {
  const { deaths, pass } = setup();
  await pass(ANSWER_MS + 2 * SESSION_MS);
  expect(deaths).toEqual([]);
  await pass(1.5 * SESSION_MS);
  expect(deaths).toEqual([expect.stringMatching(/consumer of g has had no heartbeat answered for 6\d s/)]);
});

test("one that waits for an answer of a broker which stands still, and then joins its group anew, lives", async () => {
  const { deaths, supervisor, pass } = setup();
  for (let outage = 0; outage < 5; outage += 1) {
    await pass(ANSWER_MS + 1.5 * SESSION_MS);
    supervisor.alive();
  }
  expect(deaths).toEqual([]);
});

test("while no broker answers it is only cut off, and may come back", async () => {
  const { deaths, broker, supervisor, pass } = setup();
  broker.answers = false;
  await pass(10 * SESSION_MS);
  broker.answers = true;
  await pass(1.5 * SESSION_MS);
  supervisor.alive();
  await pass(ANSWER_MS);
  expect(deaths).toEqual([]);
});

test("a final crash is reported at once, and once", async () => {
  const { deaths, supervisor, pass } = setup();
  supervisor.crashed(new Error("no such group"));
  supervisor.crashed(new Error("again"));
  await pass(10 * SESSION_MS);
  expect(deaths).toEqual(["the consumer of g has crashed: no such group"]);
});

test("one that was stopped is not watched any more", async () => {
  const { deaths, supervisor, pass } = setup();
  supervisor.stop();
  supervisor.crashed(new Error("late"));
  await pass(10 * SESSION_MS);
  expect(deaths).toEqual([]);
});
