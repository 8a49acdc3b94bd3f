import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { describeUnless } from "@tickline/shared/testing/servers/describe-unless";
import { composeFault, createComposeProject, type ComposeProject, type Replica } from "./compose/compose-project.ts";
import { watchEvents } from "./compose/event-stream.ts";
import type { JobDetailView, JobView } from "./driver/views.ts";
import { REPOSITORY } from "./product/product-process.ts";
import { executedBlocks, README_ADDRESS } from "./product/readme-blocks.ts";
import { eventually } from "./product/running-product.ts";
import { runCommand } from "./product/run-command.ts";

jest.setTimeout(180_000); // Two cores may have eleven containers and other suites at once.

/** Images may have to be pulled, and all packages fetched. */
const UP_MS_MAX = 900_000;
const DOWN_MS_MAX = 300_000;
const SEEN_MS_MAX = 90_000;
const SCALE = { api: 2, scheduler: 2, executor: 3 };
const SERVICES = Object.keys(SCALE);
/** So many that each of two apis has its share, however they are spread. */
const REQUESTS = 40;
/** Of pino: `error` and `fatal`. */
const ERROR_LINE = /"level":(50|60)/;

describeUnless(await composeFault(), "docker compose up, two apis, two schedulers and three executors", suite);

function suite(): void {
  let project: ComposeProject;
  beforeAll(async () => {
    project = await createComposeProject(`tickline-e2e-${process.pid}`);
    await project.up(SCALE).catch(async (cause: unknown) => {
      throw new Error(`it did not come up:\n${await project.compose("logs", "--tail", "20")}`, { cause });
    });
  }, UP_MS_MAX);
  afterAll(() => project.remove(), DOWN_MS_MAX);

  const of = async (service: string): Promise<readonly Replica[]> =>
    (await project.replicas()).filter(({ Service }) => Service === service);

  test("every replica is healthy, and only the topics are done", async () => {
    const replicas = await project.replicas();
    const counts = Object.fromEntries(SERVICES.map((service) => [service, replicas.filter(({ Service }) => Service === service).length]));
    expect(counts).toEqual(SCALE);
    expect(replicas.filter(({ State, Health }) => State !== "running" || Health !== "healthy")).toMatchObject([
      { Service: "topics", State: "exited", ExitCode: 0 },
    ]);
  });

  test("what the README says to type works through the one port: the job runs, its status is projected, its events are streamed", async () => {
    const [create, look, act] = executedBlocks();
    // The job's own target stays: in its container, too, an executor answers there.
    const paste = (block = "") => runCommand(block.replaceAll(`${README_ADDRESS}/jobs`, `${project.address}/jobs`), REPOSITORY);
    const { seen } = await watchEvents(`${project.address}/events?jobId=ping&type=JobCompleted`, {
      text: '"state":"succeeded"',
      withinMs: SEEN_MS_MAX,
    });

    expect(JSON.parse((await paste(create)).stdout)).toMatchObject({ id: "ping", state: "active", status: "pending" });
    expect(await seen).toContain('"subject":"ping"');
    const job = async () => (await (await fetch(`${project.address}/jobs/ping`)).json()) as JobView;
    await eventually(async () => ((await job()).status === "succeeded" ? true : null), SEEN_MS_MAX);
    const shown = JSON.parse((await paste(look)).stdout) as JobDetailView;
    const done = shown.recentRuns.find(({ state }) => state === "succeeded");
    const run = await (await fetch(`${project.address}/runs/${done?.id}`)).json();
    expect(run).toMatchObject({ jobId: "ping", output: { status: 200, body: '{"status":"live"}' } });
    expect(await paste(act)).toMatchObject({ code: 0, stdout: expect.stringMatching(/"cause":"manual".*"state":"paused"/s) });
    expect((await fetch(`${project.address}/jobs/ping`)).status).toBe(404);
  });

  test("a page that had its own name resolve to this machine is refused", async () => {
    const { stdout } = await runCommand(`curl -sS -H 'Host: evil.example' ${project.address}/jobs`, REPOSITORY);
    expect(JSON.parse(stdout)).toMatchObject({ code: "host_not_served" });
  });

  test("both apis answer through the one port, and when one is killed the other answers everything", async () => {
    const asked = async () => {
      const statuses = new Set<number>();
      for (let turn = 0; turn < REQUESTS; turn += 1) statuses.add((await fetch(`${project.address}/jobs`)).status);
      return [...statuses];
    };
    expect(await asked()).toEqual([200]);
    const apis = await of("api");
    const answered = await Promise.all(apis.map(async (api) => listsAnswered(await project.ask(api, "/metrics"))));
    expect(answered.filter((count) => count > 0)).toHaveLength(SCALE.api);

    const [victim, survivor] = apis as [Replica, Replica]; // Two, as was just seen.
    const before = listsAnswered(await project.ask(survivor, "/metrics"));
    await project.kill(victim);
    expect(await asked()).toEqual([200]);
    expect(listsAnswered(await project.ask(survivor, "/metrics"))).toBe(before + REQUESTS);
  });

  test("stopped, each service ends by itself, and none has logged an error", async () => {
    const running = (await project.replicas()).filter(({ Service, State }) => SERVICES.includes(Service) && State === "running");
    await project.compose("stop", ...SERVICES);
    const stopped = (await project.replicas()).filter(({ Name }) => running.some((replica) => replica.Name === Name));
    expect(stopped.map(({ Name, State, ExitCode }) => ({ Name, State, ExitCode }))).toEqual(
      running.map(({ Name }) => ({ Name, State: "exited", ExitCode: 0 })),
    );
    const lines = (await project.compose("logs", "--no-color", ...SERVICES)).split("\n");
    expect(lines.filter((line) => ERROR_LINE.test(line))).toEqual([]);
  });
}

/** `GET /jobs`, as one api counts them. */
const listsAnswered = (metrics: string): number =>
  Number(/^tickline_http_request_seconds_count\{method="GET",route="\/jobs",status="200"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
