import { afterEach, expect, jest, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { JobDetailView, JobView, PageView, RunView } from "./driver/views.ts";
import { createApiClient } from "./driver/api-client.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { REPOSITORY } from "./product/product-process.ts";
import { executedBlocks, README_ADDRESS } from "./product/readme-blocks.ts";
import { eventually } from "./product/running-product.ts";
import { runCommand } from "./product/run-command.ts";
import { startEffectRecorder } from "./recorder/effect-recorder.ts";
import { targetUrl } from "./recorder/target-behaviour.ts";

jest.setTimeout(90_000);

const endings = createEndings();
afterEach(endings.run);

const README_TARGET = `${README_ADDRESS}/livez`;
/** `npm start`, as the README says, but on a free port and a folder of its own. */
async function npmStart(): Promise<string> {
  const folder = temporaryFolder(endings);
  const args = ["start", "--silent", "--", "--port", "0", "--data", join(folder, "data")];
  const npm = spawn("npm", args, { cwd: REPOSITORY, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(npm, "exit");
  let printed = "";
  const printedAddress = (): string | null => /^\s*API\s+(http:\/\/\S+)$/m.exec(printed)?.[1] ?? null;
  endings.add(async () => {
    npm.kill("SIGTERM");
    await exited;
    // The signal reaches the process, through whatever shell npm has started it with.
    const address = printedAddress();
    if (address !== null)
      await eventually(() =>
        fetch(`${address}/livez`).then(
          () => null,
          () => true,
        ),
      );
  });
  npm.stdout.setEncoding("utf8").on("data", (text: string) => void (printed += text));
  return eventually(printedAddress);
}

test("what the README says to type works as it says, and the job it makes runs on time", async () => {
  const [create, look, act] = executedBlocks();
  const address = await npmStart();
  const paste = (block: string | undefined) => runCommand((block ?? "").replaceAll(README_ADDRESS, address), REPOSITORY);
  const client = createApiClient(() => address);
  const get = async <Body>(path: string) => ((await client.send({ method: "GET", path })) as { body: Body }).body; // A client that throws on other answers.

  const created = JSON.parse((await paste(create)).stdout) as JobView;
  expect(created).toMatchObject({ id: "ping", name: "ping", state: "active", status: "pending", handler: "http" });
  await eventually(async () => ((await get<JobView>("/jobs/ping")).status === "succeeded" ? true : null));

  const shown = JSON.parse((await paste(look)).stdout) as JobDetailView;
  expect(shown).toMatchObject({ status: "succeeded", lastRun: { state: "succeeded", error: null } });
  expect(Date.parse(shown.nextRunAt ?? "")).toBeGreaterThan(Date.parse(shown.lastRunAt ?? ""));
  expect(shown.upcoming[0]).toBe(shown.nextRunAt);
  expect(shown.recentRuns).toMatchObject([{ state: "succeeded", cause: "schedule", attempt: 1 }]);

  expect(await paste(act)).toMatchObject({ code: 0, stdout: expect.stringMatching(/"cause":"manual".*"state":"paused"/s) });
  expect(await client.send({ method: "GET", path: "/jobs/ping" })).toMatchObject({ status: 404 });
  const history = await get<PageView<RunView>>("/runs?jobId=ping");
  expect(history.items.map(({ cause }) => cause)).toContain("manual");
});

test("the job of the README calls a real server every two seconds, and accounts for every instant", async () => {
  const [create] = executedBlocks();
  const address = await npmStart();
  const recorder = await startEffectRecorder({ file: join(temporaryFolder(endings), "effects.jsonl") });
  endings.add(recorder.close);
  const target = targetUrl(recorder.url, { mark: "ping" });
  const { stdout } = await runCommand((create ?? "").replace(README_TARGET, target).replaceAll(README_ADDRESS, address), REPOSITORY);
  const createdAt = Date.parse((JSON.parse(stdout) as JobView).createdAt);
  const effects = await eventually(() => (recorder.effects().length < 3 ? null : recorder.effects().slice(0, 3)));
  for (const { startedAt, scheduledFor } of effects) expect(startedAt).toBeGreaterThanOrEqual(scheduledFor);
  const reply = await createApiClient(() => address).send({ method: "GET", path: "/jobs/ping/runs" });
  const { items } = (reply as { body: PageView<RunView> }).body;
  // On a machine that is busy with other things a run may take longer than two seconds; the next instant is then skipped, and on record.
  const instants = items
    .filter(({ state }) => ["succeeded", "skipped", "running", "due"].includes(state))
    .map(({ scheduledFor }) => Date.parse(scheduledFor));
  const owed = Array.from({ length: instants.length }, (_, turn) => createdAt + (turn + 1) * 2_000);
  expect(instants.toSorted((a, b) => a - b)).toEqual(owed);
  expect(effects.map(({ scheduledFor }) => scheduledFor)).toEqual(
    owed.filter((instant) => effects.some((effect) => effect.scheduledFor === instant)),
  );
});
