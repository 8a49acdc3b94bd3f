import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { JobView, PageView, RunView } from "./driver/views.ts";
import { createEndings } from "./product/endings.ts";
import { eventually } from "./product/running-product.ts";
import { startHeldTarget } from "./services/held-target.ts";
import type { Child } from "./services/child.ts";
import { describeWithPython, executorName, installPythonExample, type PythonExample } from "./services/python-example.ts";
import { startServices, type Services } from "./services/services.ts";

/** The example for foreign executors, as it stands in `examples/python-executor`, against the three services on real servers. */

const START_MS_MAX = 240_000;
/** A loaded machine may take its time; nothing here is about speed. */
const SOON_MS_MAX = 90_000;
/** The lease of an attempt that is to be lost. */
const TIMEOUT_MS = 5_000;
const FAR = "2099-01-01T00:00:00Z";

jest.setTimeout(180_000);

/** What `watch.py` prints of an event. */
type Watched = Readonly<Record<string, unknown>> & { readonly topic: string; readonly type: string; readonly schema: string | null };
interface RunDetail extends RunView {
  readonly startedAt: string;
  readonly finishedAt: string;
}

await describeWithPython("an executor in Python", ["kafka", "mongodb", "redis", "registry"], (servers) => {
  const [ofFile, endings] = [createEndings(), createEndings()];
  let example: PythonExample;
  let services: Services;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    example = await installPythonExample(ofFile);
  }, START_MS_MAX);
  afterEach(() => endings.run());
  afterAll(() => ofFile.run());

  /** The topics outlive the services of one format; the database does not, and what the other format left is read all the same. */
  function startIn(format: "JSON" | "Avro"): void {
    beforeAll(async () => {
      const registry: Record<string, string> = format === "Avro" ? { REGISTRY_URL: servers.registryUrl } : {};
      env = { KAFKA_BROKERS: servers.kafkaBrokers, ...registry };
      services = await startServices(ofFile, {
        STORE_URL: `${servers.mongodbUrl}/tickline-${format.toLowerCase()}`,
        BUS_URL: `kafka://${servers.kafkaBrokers}`,
        LOCK_URL: servers.redisUrl,
        EXTERNAL_QUEUES: "python",
        LOG_LEVEL: "error",
        ...registry,
      });
    }, START_MS_MAX);
    afterAll(() => services.end(), START_MS_MAX);
  }

  const python = (...args: string[]): Child => example.start(endings, env, args);
  /** Ends as a person would end it, so that its partitions are free at once for the executor of the next test. */
  function startExecutor(): Child {
    const executor = python("executor.py");
    endings.add(() => {
      executor.signal("SIGTERM");
      return executor.exited;
    });
    return executor;
  }
  /** A job of the executor in Python, due now: resolves to its id. */
  async function due(job: object): Promise<string> {
    const body = { name: "From REST", queue: "python", schedule: { at: FAR }, retry: { delayMs: 100, jitter: "none" }, ...job };
    const { id } = await services.call<JobView>("POST", "/jobs", body);
    await services.call("POST", `/jobs/${id}/trigger`);
    return id;
  }
  const ended = (jobId: string): Promise<RunDetail> =>
    eventually(
      async () =>
        ((await services.listRuns(jobId)) as readonly RunDetail[]).find(({ state }) => ["succeeded", "failed"].includes(state)) ?? null,
      SOON_MS_MAX,
    );
  const jobsNamed = async (id: string) =>
    (await services.call<PageView<JobView>>("GET", "/jobs?limit=200")).items.filter((job) => job.id === id);

  /** Reads the topics from their first message, until it has seen what is looked for. */
  async function watch(topics: readonly string[], isEnough: (events: readonly Watched[]) => boolean): Promise<readonly Watched[]> {
    const watcher = python("watch.py", ...topics);
    const seen = (): Watched[] =>
      watcher
        .stdout()
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Watched);
    return eventually(() => (isEnough(seen()) ? seen() : null), SOON_MS_MAX);
  }
  async function createJob(...args: string[]): Promise<{ code: number | null; said: string; reply: Record<string, unknown> }> {
    const command = python("create_job.py", ...args);
    const code = await command.exited;
    const [said = "", json = "{}"] = /^(\w+) (.*)$/s.exec(command.stdout())?.slice(1) ?? [];
    return { code, said, reply: JSON.parse(json) as Record<string, unknown> };
  }
  /** Compares the events that a foreign consumer receives about a run with the answer of REST. */
  async function expectSameInEvents(run: RunDetail, findSchema: (type: string) => string | null): Promise<void> {
    const ofRun = (events: readonly Watched[], wanted: string): readonly Watched[] =>
      events.filter(({ runId, topic, type }) => runId === run.id && wanted === `${topic}/${type}`);
    const attemptsOffered = (events: readonly Watched[]) =>
      [...new Set(ofRun(events, "tickline.due.python/JobDue").map(({ attempt }) => Number(attempt)))].toSorted((a, b) => a - b);
    const received = await watch(
      [],
      (events) => attemptsOffered(events).length === run.attempt && ofRun(events, "tickline.runs/JobCompleted").length > 0,
    );
    expect(attemptsOffered(received)).toEqual(Array.from({ length: run.attempt }, (_, index) => index + 1));
    const offers = ofRun(received, "tickline.due.python/JobDue");
    for (const offer of offers) {
      expect(offer).toMatchObject({ schema: findSchema("JobDue"), jobId: run.jobId, queue: "python", handler: "greet" });
      expect(parseInstant(offer["scheduledFor"])).toBe(parseInstant(run.scheduledFor));
    }
    const [end, ...repeats] = ofRun(received, "tickline.runs/JobCompleted");
    expect(end).toMatchObject({
      schema: findSchema("JobCompleted"),
      jobId: run.jobId,
      attempt: run.attempt,
      state: run.state,
      output: run.output,
      error: null,
    });
    for (const name of ["scheduledFor", "startedAt", "finishedAt"] as const)
      expect(parseInstant(end?.[name])).toBe(parseInstant(run[name]));
    for (const repeat of repeats) expect(repeat).toEqual(end);
  }

  describe("without a registry, in JSON", () => {
    startIn("JSON");

    test("a command of its own creates a job, whose runs it retries and ends; a consumer receives what REST shows", async () => {
      startExecutor();
      expect(await createJob("in-json")).toMatchObject({ code: 0, said: "CommandAnswered", reply: { jobId: "in-json" } });
      const run = await ended("in-json");
      expect(run).toMatchObject({
        state: "succeeded",
        output: { said: "hello Kafka" },
        attempts: [{ state: "failed" }, { state: "succeeded" }],
      });
      await services.call("DELETE", "/jobs/in-json");
      await expectSameInEvents(run, () => null);
    });
  });

  describe("with a registry, in Avro", () => {
    startIn("Avro");

    test("a job created by REST is run by it, and the history names it", async () => {
      const executor = startExecutor();
      const run = await ended(await due({ handler: "greet", params: { who: "REST" } }));
      expect(run).toMatchObject({
        state: "succeeded",
        attempt: 1,
        output: { said: "hello REST" },
        attempts: [{ attempt: 1, state: "succeeded", executor: executorName(executor), error: null }],
      });
    });

    test("what fails is retried by the policy of the job; another consumer reads of it by the schemas of the registry", async () => {
      const executor = executorName(startExecutor());
      const run = await ended(await due({ handler: "greet", params: { who: "again", failures: 2 } }));
      const failed = (attempt: number) => ({
        attempt,
        state: "failed",
        executor,
        error: { code: "RuntimeError", message: `attempt ${attempt} fails on purpose`, retryable: true },
      });
      expect(run).toMatchObject({
        state: "succeeded",
        attempt: 3,
        output: { said: "hello again" },
        attempts: [failed(1), failed(2), { attempt: 3, state: "succeeded", executor }],
      });
      await expectSameInEvents(run, (type) => `tickline.events.${type}`);
    });

    test("a handler that it does not have fails the run for good", async () => {
      startExecutor();
      const run = await ended(await due({ handler: "dance" }));
      expect(run).toMatchObject({ state: "failed", attempt: 1, attempts: [{ state: "failed", error: { retryable: false } }] });
    });

    test("a command makes one job however often it is published, and is answered each time; another of that id is refused", async () => {
      const id = randomUUID();
      const [first, again, other] = [await createJob("once", id), await createJob("once", id), await createJob("once", randomUUID())];
      const [job, ...more] = await jobsNamed("once");
      expect(more).toEqual([]);
      for (const answer of [first, again])
        expect(answer).toMatchObject({
          code: 0,
          said: "CommandAnswered",
          reply: { commandId: id, jobId: "once", result: { createdAt: job?.createdAt, version: 1 } },
        });
      expect(other).toMatchObject({ code: 1, said: "CommandRefused", reply: { code: "job_exists", command: "CreateJob" } });
      await services.call("DELETE", "/jobs/once");
    });

    test("a command that cannot be read is refused with the reason, and becomes a dead letter", async () => {
      const say = `from confluent_kafka import Producer; from tickline_events import *
say(Producer(KAFKA), "tickline.commands", "CreateJob", {"jobId": 5}, source="billing", id="wrong-shape")`;
      expect(await example.start(endings, { KAFKA_BROKERS: servers.kafkaBrokers }, ["-c", say]).exited).toBe(0);
      const isRefusal = ({ commandId }: Watched): boolean => commandId === "wrong-shape";
      const replies = await watch(["tickline.replies"], (seen) => seen.some(isRefusal));
      expect(replies.find(isRefusal)).toMatchObject({
        type: "CommandRefused",
        schema: "tickline.events.CommandRefused",
        code: "unreadable_command",
        detail: "its data cannot be read: jobId must be a string",
        commandSource: "billing",
      });
      const letters = await watch(["tickline.commands.dead"], (seen) => seen.length > 0);
      expect(letters).toMatchObject([{ topic: "tickline.commands.dead", type: "CreateJob", jobId: 5 }]);
    });

    test("killed in the middle of an attempt, the run is taken up again when its lease has ended, and ends well", async () => {
      const target = await startHeldTarget(endings);
      const first = startExecutor();
      const jobId = await due({ handler: "call", params: { url: target.url }, timeoutMs: TIMEOUT_MS });
      const call = await target.called();
      first.signal("SIGKILL");
      const second = startExecutor();
      const next = await target.called();
      expect(next.runId).toBe(call.runId); // By which a target tells that it has been called for this before.
      next.answer();
      expect(await ended(jobId)).toMatchObject({
        id: call.runId,
        state: "succeeded",
        output: { status: 200 },
        attempts: [
          { attempt: 1, state: "lost", executor: executorName(first) },
          { attempt: 2, state: "succeeded", executor: executorName(second) },
        ],
      });
    });

    test("held up for longer than its lease, its late result is refused: the attempt after it stands", async () => {
      const target = await startHeldTarget(endings);
      const first = startExecutor();
      const jobId = await due({ handler: "call", params: { url: target.url }, timeoutMs: TIMEOUT_MS });
      const held = await target.called();
      first.signal("SIGSTOP");
      const second = startExecutor();
      (await target.called()).answer();
      const run = await ended(jobId);
      const dropped = () => services.executorMetric("tickline_reports_total", 'outcome="not_open"');
      const before = await dropped();

      held.answer();
      first.signal("SIGCONT");
      await first.said(new RegExp(`${run.id} 1 \\w+`)); // Its result, which it reports next.
      await eventually(async () => ((await dropped()) > before ? true : null), SOON_MS_MAX);
      expect(await ended(jobId)).toEqual(run);
      expect(run).toMatchObject({
        state: "succeeded",
        attempts: [
          { attempt: 1, state: "lost", executor: executorName(first) },
          { attempt: 2, state: "succeeded", executor: executorName(second) },
        ],
      });
    });
  });
});

const parseInstant = (text: unknown): number => Date.parse(String(text));
