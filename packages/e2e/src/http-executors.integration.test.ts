import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { describeUnless } from "@tickline/shared/testing/servers/describe-unless";
import type { JobView, RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { REPOSITORY } from "./product/product-process.ts";
import { eventually, runProduct, type RunningProduct } from "./product/running-product.ts";
import { startChild, type Child } from "./services/child.ts";
import { startHeldTarget } from "./services/held-target.ts";

/** The examples of executors over HTTP, as they stand in `examples/http-executor`, against the one process. */

const FOLDER = join(REPOSITORY, "examples/http-executor");
/** Short, so that a killed executor is soon noticed. */
const LEASE_MS = 2_000;
const FAR = "2099-01-01T00:00:00Z";
const PROGRAMS = { python: ["python3", "executor.py"], shell: ["sh", "executor.sh"] } as const;
type Language = keyof typeof PROGRAMS;

jest.setTimeout(60_000);

/** Why the examples cannot run here; null: they can. */
async function missingProgram(): Promise<string | null> {
  const run = promisify(execFile);
  try {
    await Promise.all([run("python3", ["--version"]), run("jq", ["--version"]), run("curl", ["--version"])]);
    return null;
  } catch (fault) {
    return `install python3, curl and jq (${String(fault).split("\n")[0]})`;
  }
}

interface RunDetail extends RunView {
  readonly attempts: readonly { readonly state: string; readonly executor: string; readonly error: { readonly code: string } | null }[];
}

describeUnless(await missingProgram(), "executors over HTTP", () => {
  const [ofFile, endings] = [createEndings(), createEndings()];
  let dataDir: string;
  let product: RunningProduct;

  const start = (port = 0): Promise<RunningProduct> =>
    runProduct(ofFile, { dataDir, port, env: { EXTERNAL_QUEUES: "python,shell", LOG_LEVEL: "error" } });
  beforeAll(async () => {
    dataDir = join(temporaryFolder(ofFile), "data");
    product = await start();
  });
  afterEach(() => endings.run());
  afterAll(() => ofFile.run());

  async function startExecutor(language: Language): Promise<Child & { readonly executor: string }> {
    const [command, program] = PROGRAMS[language];
    const env = { TICKLINE_URL: product.address, LEASE_MS: String(LEASE_MS), PYTHONDONTWRITEBYTECODE: "1" };
    const child = startChild(endings, { command, args: [program], cwd: FOLDER, env });
    const [, executor = ""] = await child.said(/^(\S+) takes runs of /m);
    return { ...child, executor };
  }
  /** Makes a job with a run that is due now. Returns the id of the run. */
  async function due(language: Language, job: object): Promise<string> {
    const body = { name: "For others", queue: language, schedule: { at: FAR }, retry: { delayMs: 100, jitter: "none" }, ...job };
    const { id } = await product.call<JobView>("POST", "/jobs", body);
    return (await product.call<RunView>("POST", `/jobs/${id}/trigger`)).id;
  }
  const read = (runId: string): Promise<RunDetail> => product.call<RunDetail>("GET", `/runs/${runId}`);
  const ended = (runId: string): Promise<RunDetail> =>
    eventually(async () => {
      const run = await read(runId);
      return ["succeeded", "failed", "cancelled"].includes(run.state) ? run : null;
    });

  test.each<[Language, object, object]>([
    ["python", { who: "HTTP", failures: 1 }, [{ state: "failed", error: { code: "RuntimeError" } }, { state: "succeeded" }]],
    ["shell", { who: "HTTP" }, [{ state: "succeeded" }]],
  ])("%s: a run that is due is executed at once, and the history names its executor", async (language, params, attempts) => {
    const { executor } = await startExecutor(language);
    const run = await ended(await due(language, { handler: "greet", params }));
    expect(run).toMatchObject({ state: "succeeded", output: { said: "hello HTTP" }, attempts });
    expect(new Set(run.attempts.map((attempt) => attempt.executor))).toEqual(new Set([executor]));
  });

  test.each<[Language, string]>([
    ["python", "HTTPError"],
    ["shell", "exit_22"],
  ])("%s: a failure says why, and is retried by the policy of the job", async (language, code) => {
    await startExecutor(language);
    const params = { url: `${product.address}/nothing/here`, body: {} };
    const run = await ended(await due(language, { handler: "call", params, retry: { maxAttempts: 2, delayMs: 10, jitter: "none" } }));
    expect(run).toMatchObject({ state: "failed", attempts: [{ error: { code } }, { error: { code } }] });
  });

  test.each<[Language]>([["python"], ["shell"]])("%s: a run that is cancelled is ended by its executor", async (language) => {
    const { executor } = await startExecutor(language);
    const runId = await due(language, { handler: "wait", params: { seconds: 50 } });
    await eventually(async () => ((await read(runId)).state === "running" ? true : null));
    await product.call("POST", `/runs/${runId}/cancel`);
    expect(await ended(runId)).toMatchObject({ state: "cancelled", attempts: [{ state: "cancelled", executor }] });
  });

  test.each<[Language]>([["python"], ["shell"]])(
    "%s: killed in the middle of its work, nothing is lost: another executor does it once more, under the same idempotency key",
    async (language) => {
      const target = await startHeldTarget(endings);
      const first = await startExecutor(language);
      const runId = await due(language, { handler: "call", params: { url: target.url, body: { n: 1 } } });
      const call = await target.called();
      first.signal("SIGKILL");
      const second = await startExecutor(language);
      const again = await target.called();
      expect([call.runId, again.runId]).toEqual([runId, runId]);
      again.answer();
      expect(await ended(runId)).toMatchObject({
        state: "succeeded",
        output: { status: 200 },
        attempts: [
          { state: "lost", executor: first.executor },
          { state: "succeeded", executor: second.executor },
        ],
      });
      call.answer(); // The shell leaves the program that it had started.
    },
  );

  test.each<[Language]>([["python"], ["shell"]])(
    "%s: while Tickline is killed and starts again, the work goes on, and its result is taken: it is done once",
    async (language) => {
      const target = await startHeldTarget(endings);
      const { executor } = await startExecutor(language);
      const runId = await due(language, { handler: "call", params: { url: target.url, body: { n: 2 } } });
      const call = await target.called();
      await product.kill();
      call.answer();
      product = await start(Number(new URL(product.address).port));
      expect(await ended(runId)).toMatchObject({
        state: "succeeded",
        output: { status: 200 },
        attempts: [{ state: "succeeded", executor }],
      });
    },
  );

  test("no worker of Tickline executes a run of an external queue, whatever its handler", async () => {
    const target = await startHeldTarget(endings);
    const runId = await due("shell", { handler: "http", params: { url: target.url } });
    const own = { name: "Own", handler: "http", schedule: { at: FAR }, params: { url: `${product.address}/livez` } };
    const { id } = await product.call<JobView>("POST", "/jobs", own);
    const after = await product.call<RunView>("POST", `/jobs/${id}/trigger`);
    expect(await ended(after.id)).toMatchObject({ state: "succeeded" });
    expect(await read(runId)).toMatchObject({ state: "due", attempts: [] });
    await product.call("POST", `/runs/${runId}/cancel`);
  });

  test("asked to end, the executor finishes what it has begun, and ends", async () => {
    const target = await startHeldTarget(endings);
    const executor = await startExecutor("python");
    const runId = await due("python", { handler: "call", params: { url: target.url, body: {} } });
    const call = await target.called();
    executor.signal("SIGTERM");
    call.answer();
    expect(await ended(runId)).toMatchObject({ state: "succeeded", attempts: [{ state: "succeeded" }] });
    await product.end(); // Its claim need not wait for a run.
    expect(await executor.exited).toBe(0);
  });
});
