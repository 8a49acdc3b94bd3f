import { expect, jest, test } from "@jest/globals";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { RUNS_TOPIC } from "@tickline/shared/events/topics";
import { newJob } from "@tickline/shared/testing/factories";
import { buildClaim, ended, retrying, started } from "../projection/event-story.test-support.ts";
import { listen, streamsUnderTest } from "./event-stream.test-support.ts";

// Every wait is for a signal, over real sockets: on a busy machine some take longer than Jest's five seconds.
jest.setTimeout(60_000);

const setup = streamsUnderTest;
const job = newJob({ id: "ping" });
const claim = buildClaim(job, 0);
/** As many different events as wanted. */
const endings = (count: number): TicklineEvent[] => Array.from({ length: count }, (_, minute) => ended(buildClaim(job, minute)));

test("one address cannot take all streams", async () => {
  await using at = await setup({ config: { streamsMax: 4, streamsPerAddressMax: 2 } });
  const clients = [await listen(at.url), await listen(at.url)];
  const refused = await at.call("GET /events");
  expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
    429,
    "too_many_streams",
    "2 streams are open from this address",
  ]);
  const other = await listen(at.url, { localAddress: "127.0.0.2" });
  expect(other.response.statusCode).toBe(200);
  for (const client of [...clients, other]) client.close();
});

test("missed events are sent again in parts, at a rate for each address, and new events follow in order", async () => {
  await using at = await setup({ config: { streamReplayPartBytes: 1, streamReplayPartsMax: 3, streamReplayEveryMs: 60_000 } });
  const events = endings(8);
  await at.happened(...events);
  const back = await listen(at.url, { lastEventId: events[0]?.id ?? "" });
  const ticks = setInterval(() => at.clock.advance(20), 1); // Whether a part has been read is looked at every 20 ms.
  await back.received(3);
  await at.publish(RUNS_TOPIC, started(claim));
  for (let round = 0; round < 10; round += 1) await at.call("GET /livez");
  expect(back.messages).toHaveLength(3);
  for (let count = 4; count <= 8; count += 1) {
    at.clock.advance(60_000);
    expect((await back.received(count)).length).toBe(count);
  }
  clearInterval(ticks);
  await at.publish(RUNS_TOPIC, retrying(claim));
  const ids = (await back.received(9)).map(({ id }) => id);
  expect(ids).toEqual([...events.slice(1), started(claim), retrying(claim)].map(({ id }) => id));
  back.close();
});

test("more than is sent again ends with a reset", async () => {
  await using at = await setup({ config: { streamReplayBytesMax: 1_000 } });
  const events = endings(50);
  await at.happened(...events);
  const tick = setInterval(() => at.clock.advance(1), 1);
  const back = await listen(at.url, { lastEventId: events[0]?.id ?? "" });
  while (back.messages.at(-1)?.event !== "reset") await back.received(back.messages.length + 1);
  clearInterval(tick);
  expect(back.messages.length).toBeLessThan(50);
  expect(back.lastId()).toBe(events.at(-1)?.id);
  await at.publish(RUNS_TOPIC, started(claim));
  while (back.messages.at(-1)?.event !== "JobStarted") await back.received(back.messages.length + 1);
  back.close();
});

test("a stream that its client does not read is closed after a time, even if it is not far behind; a stream that is read stays open", async () => {
  await using at = await setup({ config: { streamBufferBytesMax: 1_000_000_000, streamReplayBytesMax: 1_000_000_000 } });
  const [stuck, reader] = [await listen(at.url), await listen(at.url)];
  stuck.response.pause();
  const output = { text: "x".repeat(60_000) };
  const events = Array.from({ length: 400 }, (_, minute) => ended(buildClaim(job, minute), { output }));
  for (let from = 0; from < events.length; from += 20) await at.publish(RUNS_TOPIC, ...events.slice(from, from + 20)); // More than kernels buffer.
  await reader.received(400);
  at.clock.advance(29_999);
  for (let round = 0; round < 5; round += 1) expect((await at.call("GET /metrics")).body).toContain("tickline_event_streams 2");
  at.clock.advance(30_001); // It had taken something in the first 30 s.
  while (!(await at.call("GET /metrics")).body.includes("tickline_event_streams 1"));
  at.clock.advance(60_000);
  await at.publish(RUNS_TOPIC, started(claim));
  expect((await reader.received(401)).at(-1)?.event).toBe("JobStarted");
  for (const client of [stuck, reader]) client.close();
});

test("500 clients that reconnect with an old id are sent no more at once than one client, and a client that listens receives events at once", async () => {
  await using at = await setup({ config: { streamsMax: 1_000, streamsPerAddressMax: 1_000, connectionsPerAddressMax: 1_000 } });
  const output = { text: "x".repeat(5_000) };
  const events = Array.from({ length: 2_000 }, (_, minute) => ended(buildClaim(job, minute), { output }));
  for (let from = 0; from < events.length; from += 100) await at.happened(...events.slice(from, from + 100));
  const listener = await listen(at.url, { query: "?type=JobStarted" });
  const back = { lastEventId: events[0]?.id ?? "" };
  const clients = await Promise.all(Array.from({ length: 500 }, () => listen(at.url, back)));
  await at.publish(RUNS_TOPIC, started(claim));
  await listener.received(1);
  for (let round = 0; round < 20; round += 1) expect((await at.call("GET /livez")).status).toBe(200);
  const sent = clients.reduce((sum, { messages }) => sum + messages.length, 0);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(32 * 15); // Parts of 64 KiB, of a million events that they missed.
  for (const client of [listener, ...clients]) client.close();
});
