import { describe, expect, jest, test } from "@jest/globals";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobDue } from "@tickline/shared/events/job-due";
import { jobEvent } from "@tickline/shared/events/job-event";
import { dueTopic, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { newJob, START } from "@tickline/shared/testing/factories";
import { minimalJob } from "../api-under-test.test-support.ts";
import { createValidators } from "../docs-pages/document-check.test-support.ts";
import type { OpenApiDocument } from "../docs-pages/openapi-document.ts";
import { buildClaim, ended, retrying, started } from "../projection/event-story.test-support.ts";
import { listen, streamsUnderTest } from "./event-stream.test-support.ts";

// Every wait is for a signal, over real sockets: on a busy machine some take longer than Jest's five seconds.
jest.setTimeout(60_000);

const setup = streamsUnderTest;
const job = newJob({ id: "ping" });
const other = newJob({ id: "pong" });
const claim = buildClaim(job, 0);
/** As many different events as wanted. */
const endings = (count: number): TicklineEvent[] => Array.from({ length: count }, (_, minute) => ended(buildClaim(job, minute)));

describe("GET /events", () => {
  test("tells what happens, instants as text, what handlers say as it is", async () => {
    await using at = await setup();
    const client = await listen(at.url);
    expect(client.response.headers["content-type"]).toBe("text/event-stream");
    expect(client.response.headers["cache-control"]).toBe("no-store");
    const { body } = await at.call("POST /jobs", { body: minimalJob });
    await client.received(1);
    await at.publish(dueTopic("default"), jobDue({ ...claim.run, params: { scheduledFor: 5, nested: { startedAt: 1 } } }, START));
    await client.received(2);
    await at.publish(RUNS_TOPIC, started(claim), retrying(claim), ended(claim, { output: { finishedAt: 7 } }));
    const messages = await client.received(5);
    expect(messages.map(({ event }) => event)).toEqual(["JobCreated", "JobDue", "JobStarted", "JobRetrying", "JobCompleted"]);
    const [created, due, start, retry, end] = messages.map(({ data }) => data);
    expect(messages.map(({ id }) => id)).toEqual(messages.map(({ data }) => data.id));
    expect(created).toMatchObject({
      type: "JobCreated",
      subject: body.id,
      time: body.createdAt,
      data: { jobId: body.id, nextRunAt: body.nextRunAt },
    });
    expect(due.data).toMatchObject({
      scheduledFor: "2026-01-05T12:00:00.000Z",
      firstStartedAt: null,
      params: { scheduledFor: 5, nested: { startedAt: 1 } },
    });
    expect(start.data).toMatchObject({ startedAt: "2026-01-05T12:00:01.000Z" });
    expect(retry.data).toMatchObject({ retryAt: "2026-01-05T12:00:02.005Z" });
    expect(end.data).toMatchObject({ finishedAt: "2026-01-05T12:00:01.005Z", scheduledForLast: null, output: { finishedAt: 7 } });
    client.close();
  });

  test("messages have the shape that the document describes", async () => {
    await using at = await setup();
    const document: OpenApiDocument = (await at.call("GET /openapi.json")).body;
    const schemas = document.components?.schemas as Record<string, { properties: { data: { contentSchema: object } } }>;
    const makeValidator = createValidators(document);
    const client = await listen(at.url, { lastEventId: "of another life" });
    await at.call("PUT /jobs/ping", { body: minimalJob });
    await at.publish(RUNS_TOPIC, started(claim), retrying(claim), ended(claim, { output: { finishedAt: 7 } }));
    const messages = await client.received(5);
    expect(messages.map(({ event }) => event)).toEqual(["reset", "JobCreated", "JobStarted", "JobRetrying", "JobCompleted"]);
    for (const { event, id, data } of messages) {
      const message = makeValidator({ $ref: "#/components/schemas/Streamed" });
      expect([event, message({ event, id, data: JSON.stringify(data) }), message.errors]).toEqual([event, true, null]);
      const content = makeValidator(schemas["Streamed"]?.properties.data.contentSchema ?? {});
      expect([event, content(data), content.errors]).toEqual([event, true, null]);
    }
    client.close();
  });

  test("no instant is left as a number, and a last run is shown like the rest", async () => {
    await using at = await setup();
    const client = await listen(at.url);
    const lastRun = {
      runId: claim.run.runId,
      state: "failed" as const,
      scheduledFor: START,
      startedAt: START,
      finishedAt: START,
      attempt: 1,
      error: null,
    };
    await at.publish(JOBS_TOPIC, jobEvent("JobUpdated", job));
    await at.publish(dueTopic("high"), jobDue({ ...claim.run, lastRun }, START));
    await at.publish(RUNS_TOPIC, started(claim), retrying(claim), ended(claim, { state: "missed", count: 2, scheduledForLast: START }));
    const messages = await client.received(5);
    expect(JSON.stringify(messages)).not.toMatch(/:17\d{11}/);
    expect(messages.find(({ event }) => event === "JobDue")?.data.data.lastRun.startedAt).toBe("2026-01-05T12:00:00.000Z");
    client.close();
  });

  test("filters by job and by types", async () => {
    await using at = await setup();
    const ofJob = await listen(at.url, { query: "?jobId=ping" });
    const ofType = await listen(at.url, { query: "?type=JobStarted&type=JobUpdated" });
    await at.publish(RUNS_TOPIC, started(claim), ended(claim), started(buildClaim(other, 0)));
    await at.publish(JOBS_TOPIC, jobEvent("JobUpdated", other), jobEvent("JobDeleted", job));
    expect((await ofJob.received(3)).map(({ event }) => event)).toEqual(["JobStarted", "JobCompleted", "JobDeleted"]);
    expect((await ofType.received(3)).map(({ event, data }) => [event, data.subject])).toEqual([
      ["JobStarted", "ping"],
      ["JobStarted", "pong"],
      ["JobUpdated", "pong"],
    ]);
    ofJob.close();
    ofType.close();
  });

  test("after a break it continues behind the last event that was received", async () => {
    await using at = await setup();
    const events = endings(6);
    const watcher = await listen(at.url);
    await at.publish(RUNS_TOPIC, ...events);
    await watcher.received(6);
    const back = await listen(at.url, { lastEventId: events[2]?.id ?? "", query: "?jobId=ping" });
    expect((await back.received(3)).map(({ id }) => id)).toEqual(events.slice(3).map(({ id }) => id));
    await at.publish(RUNS_TOPIC, started(claim));
    expect((await back.received(4)).at(-1)?.event).toBe("JobStarted");
    const upToDate = await listen(at.url, { lastEventId: started(claim).id });
    await at.publish(RUNS_TOPIC, retrying(claim));
    expect((await upToDate.received(1)).map(({ event }) => event)).toEqual(["JobRetrying"]);
    for (const client of [watcher, back, upToDate]) client.close();
  });

  test("a client that has received nothing yet knows where it began", async () => {
    await using at = await setup();
    const watcher = await listen(at.url);
    await at.publish(RUNS_TOPIC, ...endings(3));
    await watcher.received(3);
    const quiet = await listen(at.url);
    await at.publish(RUNS_TOPIC, started(claim));
    await quiet.received(1);
    expect(endings(3).at(-1)?.id).not.toBe(quiet.lastId());
    const waiting = await listen(at.url, { query: "?type=JobDeleted" });
    while (waiting.lastId() === null) await at.call("GET /livez");
    expect(waiting.lastId()).toBe(started(claim).id);
    for (const client of [watcher, quiet, waiting]) client.close();
  });

  test("if events are not kept any more, there is one reset, and then the stream continues", async () => {
    await using at = await setup({ config: { streamEventsKept: 4 } });
    const events = endings(6);
    const watcher = await listen(at.url);
    await at.publish(RUNS_TOPIC, ...events);
    await watcher.received(6);
    for (const lastEventId of [events[1]?.id ?? "", "nonsense"]) {
      const back = await listen(at.url, { lastEventId });
      await at.publish(RUNS_TOPIC, started(claim));
      const [reset, next] = await back.received(2);
      expect(reset).toEqual({ event: "reset", id: expect.any(String), data: { reason: "last_event_unknown" } });
      expect(next?.event).toBe("JobStarted");
      back.close();
    }
    const kept = await listen(at.url, { lastEventId: events[5]?.id ?? "" });
    expect((await kept.received(2)).map(({ event }) => event)).toEqual(["JobStarted", "JobStarted"]);
    watcher.close();
    kept.close();
  });

  test("a process that has just begun cannot know what was missed", async () => {
    await using at = await setup();
    const client = await listen(at.url, { lastEventId: "of-another-process" });
    expect(await client.received(1)).toEqual([{ event: "reset", id: "", data: { reason: "last_event_unknown" } }]);
    client.close();
  });

  test("the number of listeners is limited, and a listener that disconnects makes room", async () => {
    await using at = await setup({ config: { streamsMax: 2 } });
    const clients = [await listen(at.url), await listen(at.url)];
    const refused = await at.call("GET /events");
    expect([refused.status, refused.body.code, refused.headers.get("retry-after")]).toEqual([429, "too_many_streams", "1"]);
    expect((await at.call("GET /metrics")).body).toContain("tickline_event_streams 2");
    clients[0]?.close();
    while (!(await at.call("GET /metrics")).body.includes("tickline_event_streams 1"));
    const third = await listen(at.url);
    expect(third.response.statusCode).toBe(200);
    clients[1]?.close();
    third.close();
  });

  test("an event that cannot be shown delays no other event, also for a client that resumes", async () => {
    await using at = await setup();
    const clients = [await listen(at.url), await listen(at.url)];
    const torn = ended(buildClaim(job, 2), { finishedAt: 9e15 });
    await at.publish(RUNS_TOPIC, ended(buildClaim(job, 1)), torn, ended(buildClaim(job, 3)));
    const shown = [1, 3].map((minute) => buildClaim(job, minute).run.runId);
    for (const client of clients) expect((await client.received(2)).map(({ data }) => data.data.runId)).toEqual(shown);
    const [first] = clients[0]?.messages ?? [];
    const resumed = await listen(at.url, { lastEventId: first?.id ?? "" });
    expect((await resumed.received(1)).map(({ data }) => data.data.runId)).toEqual(shown.slice(1));
    for (const client of [...clients, resumed]) client.close();
  });

  test("a reader that does not read is let go", async () => {
    await using at = await setup({ config: { streamBufferBytesMax: 100_000 } });
    const client = await listen(at.url);
    client.response.pause();
    const output = { text: "x".repeat(60_000) };
    // Some megabytes fill the buffers of the kernel first.
    for (let round = 0; round < 40; round += 1) {
      await at.publish(RUNS_TOPIC, ...Array.from({ length: 10 }, (_, run) => ended(buildClaim(job, 10 * round + run), { output })));
      if ((await at.call("GET /metrics")).body.includes("tickline_event_streams 0")) break;
    }
    expect((await at.call("GET /metrics")).body).toContain("tickline_event_streams 0");
    client.close();
  });

  test("stopping ends the streams", async () => {
    const at = await setup();
    const client = await listen(at.url);
    await at.stop();
    await client.closed;
  });
});
