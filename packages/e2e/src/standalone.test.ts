import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { JobDetailView, JobView, RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { runCommand } from "./product/run-command.ts";
import { REPOSITORY, startProduct } from "./product/product-process.ts";
import { eventually, runProduct } from "./product/running-product.ts";
import { startEffectRecorder } from "./recorder/effect-recorder.ts";
import { targetUrl } from "./recorder/target-behaviour.ts";

jest.setTimeout(60_000);

const endings = createEndings();
afterEach(endings.run);

const setup = () => ({ dataDir: join(temporaryFolder(endings), "data") });

async function recorderIn(folder: string) {
  const recorder = await startEffectRecorder({ file: join(folder, "..", "effects.jsonl") });
  endings.add(recorder.close);
  return recorder;
}

const onceAt = (at: number): Record<string, unknown> => ({ at: new Date(at).toISOString() });
const ended = ({ state }: RunView): boolean => ["succeeded", "failed"].includes(state);

describe("a start", () => {
  test("prints the address, the data folder, and a curl line that works when pasted", async () => {
    const { dataDir } = setup();
    const product = await runProduct(endings, { dataDir });
    const printed = product.stdout();
    expect(printed).toContain(`API         ${product.address}`);
    expect(printed).toContain(`${product.address}/docs`);
    expect(printed).toContain(join(dataDir, "tickline.db"));
    expect(printed).toContain("no authentication");
    const [create, look] = printed.split("\n").flatMap((line) => /curl .*$/.exec(line)?.[0] ?? []);
    const created = await runCommand(create ?? "", REPOSITORY);
    expect(JSON.parse(created.stdout)).toMatchObject({ id: "ping", state: "active", status: "pending" });
    await eventually(async () => ((await product.call<JobView>("GET", "/jobs/ping")).status === "succeeded" ? true : null));
    const shown = await runCommand(look ?? "", REPOSITORY);
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: "ping", status: "succeeded" });
    expect((await fetch(`${product.address}/docs`)).status).toBe(200);
    const lines = product.stderr().trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual(lines.map(() => 30)); // JSON where there is no terminal, and no warnings.
    expect(product.stderr()).toMatch(/"job":"ping","run":".*","attempt":1,"handler":"http","msg":"a run starts"/);
  });

  test("on a folder that another process has says whose it is, and ends with 1", async () => {
    const { dataDir } = setup();
    const first = await runProduct(endings, { dataDir });
    const second = startProduct({ dataDir });
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.stderr()).toContain(`belongs to process ${first.pid}`);
    expect(second.stdout()).toBe("");
    expect(await first.call<JobView>("GET", "/jobs")).toMatchObject({ items: [] });
  });

  test.each<[string, (dataDir: string) => void, string]>([
    ["a file in its place", (dir) => writeFileSync(dir, ""), "a file is in the place of a folder"],
    [
      "a folder in the place of the database",
      (dir) => mkdirSync(join(dir, "tickline.db"), { recursive: true }),
      "a folder is in the place of a file",
    ],
    [
      "a database that is none",
      (dir) => (mkdirSync(dir), writeFileSync(join(dir, "tickline.db"), "no database ".repeat(500))),
      "put back a backup",
    ],
  ])("on a folder with %s says so in a sentence, and ends with 1", async (_, spoil, advice) => {
    const { dataDir } = setup();
    spoil(dataDir);
    const product = startProduct({ dataDir });
    expect(await product.exited).toEqual({ code: 1, signal: null });
    expect(product.stderr()).toContain(advice);
    expect(product.stderr().trimEnd().split("\n")).toHaveLength(1);
  });

  test("after a kill takes the folder that the killed process had", async () => {
    const { dataDir } = setup();
    const killed = await runProduct(endings, { dataDir });
    await killed.kill();
    expect((await runProduct(endings, { dataDir })).running).toBe(true);
  });

  test("after damage to the log of what was acknowledged says so and ends with 1, and goes on with --accept-loss", async () => {
    const { dataDir } = setup();
    const killed = await runProduct(endings, { dataDir });
    const job = { name: "later", schedule: "0 9 * * 1", handler: "http", params: { url: `${killed.address}/livez` } };
    for (let index = 0; index < 20; index += 1) await killed.call("PUT", `/jobs/later-${index}`, job);
    await wait(300); // The mark of what is acknowledged is written within 50 ms.
    await killed.kill();
    const log = join(dataDir, "tickline.db-wal");
    const bytes = readFileSync(log);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(log, bytes);
    const refused = startProduct({ dataDir });
    expect(await refused.exited).toEqual({ code: 1, signal: null });
    expect(refused.stderr()).toMatch(/is damaged: of \d+ acknowledged pages \d+ can be read.*--accept-loss/);
    const accepted = await runProduct(endings, { dataDir, args: ["--accept-loss"] });
    expect(accepted.stderr()).toContain("what was acknowledged is missing, and that is accepted");
    expect(await accepted.end()).toBe(0);
    expect((await runProduct(endings, { dataDir })).running).toBe(true);
  });

  test("on a port that is taken says so, and ends with 1", async () => {
    const { dataDir } = setup();
    const server = createServer().listen(0, "127.0.0.1");
    endings.add(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // A TCP server has this form of address.
    const product = startProduct({ dataDir, port });
    expect(await product.exited).toEqual({ code: 1, signal: null });
    expect(product.stderr()).toContain(`port ${port}: another process is listening there`);
    expect(product.stderr()).not.toContain("    at ");
  });

  test("with --help says every option, and ends with 0", async () => {
    const { dataDir } = setup();
    const product = startProduct({ dataDir, args: ["--help"] });
    expect(await product.exited).toEqual({ code: 0, signal: null });
    for (const option of ["--host", "--port", "--data", "--handlers", "PORT", "DATA_DIR"]) expect(product.stdout()).toContain(option);
  });

  test("with options and variables that cannot be says all of them at once, and ends with 1", async () => {
    const { dataDir } = setup();
    const product = startProduct({ dataDir, args: ["--port", "http"], env: { WORKERS_MAX: "0", LOG_LEVEL: "loud" } });
    expect(await product.exited).toEqual({ code: 1, signal: null });
    for (const fault of ["--port=http", "WORKERS_MAX=0", "LOG_LEVEL=loud"]) expect(product.stderr()).toContain(fault);
    expect(product.stderr()).not.toContain("    at ");
  });

  test("with an option that there is not names it, and does not end with 0", async () => {
    const { dataDir } = setup();
    const product = startProduct({ dataDir, args: ["--prot", "1"] });
    expect((await product.exited).code).toBe(1);
    expect(product.stderr()).toContain("--prot");
  });

  test("serves handlers of a folder outside the repository, which import tickline and zod", async () => {
    const { dataDir } = setup();
    const handlers = join(dataDir, "..", "handlers");
    mkdirSync(handlers);
    writeFileSync(join(handlers, "greet.ts"), GREET);
    const product = await runProduct(endings, { dataDir, args: ["--handlers", handlers] });
    expect(product.stdout()).toContain("greet");
    const job = { name: "greet", schedule: onceAt(Date.now() + 300), handler: "greet", params: { who: "you" } };
    await product.call("PUT", "/jobs/greet", job);
    const run = await eventually(async () => (await product.listRuns("greet")).find(ended) ?? null);
    expect(run).toMatchObject({ state: "succeeded", output: { said: "hello you", attempt: 1 } });
    await expect(product.call("PUT", "/jobs/other", { ...job, params: { who: 7 } })).rejects.toThrow("/params/who");
  });
});

const GREET = `import { defineHandler } from "tickline";
import { z } from "zod";
export default defineHandler({
  type: "greet",
  params: z.object({ who: z.string() }),
  run: async ({ params, attempt }) => ({ said: \`hello \${params.who}\`, attempt }),
});
`;

describe("an end by SIGTERM", () => {
  test("lets a run under way finish, and ends with 0", async () => {
    const { dataDir } = setup();
    const product = await runProduct(endings, { dataDir });
    const recorder = await recorderIn(dataDir);
    const params = { url: targetUrl(recorder.url, { mark: "slow", slowMs: 1_500 }) };
    await product.call("PUT", "/jobs/slow", { name: "slow", schedule: onceAt(Date.now() + 200), handler: "http", params });
    await eventually(() => recorder.effects()[0] ?? null);
    product.signal("SIGTERM"); // As supervisors do that send it to each process of a service: one comes from `run.mjs` too.
    expect(await product.end()).toBe(0);
    expect(recorder.effects()).toMatchObject([{ outcome: "answered", status: 200 }]);
    const next = await runProduct(endings, { dataDir });
    expect(await next.listRuns("slow")).toMatchObject([{ state: "succeeded", attempt: 1 }]);
    expect(recorder.effects()).toHaveLength(1);
  });

  test("is reported by /readyz while a run finishes, and no request is accepted after that", async () => {
    const { dataDir } = setup();
    const product = await runProduct(endings, { dataDir });
    const recorder = await recorderIn(dataDir);
    const params = { url: targetUrl(recorder.url, { mark: "slow", slowMs: 1_500 }) };
    await product.call("PUT", "/jobs/slow", { name: "slow", schedule: onceAt(Date.now() + 200), handler: "http", params });
    await eventually(() => recorder.effects()[0] ?? null);
    expect((await fetch(`${product.address}/readyz`)).status).toBe(200);
    const ending = product.end();
    const unready = await eventually(async () => {
      const answer = await fetch(`${product.address}/readyz`);
      return answer.status === 200 ? null : { status: answer.status, body: await answer.json() };
    });
    expect(unready).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    expect(await ending).toBe(0);
    expect(recorder.effects()).toMatchObject([{ outcome: "answered", status: 200 }]);
  });

  test("by ctrl-C says at once what is waited for, and a second one ends it at once", async () => {
    const { dataDir } = setup();
    const product = await runProduct(endings, { dataDir });
    const recorder = await recorderIn(dataDir);
    const params = { url: targetUrl(recorder.url, { mark: "long", slowMs: 9_000 }) };
    await product.call("PUT", "/jobs/long", { name: "long", schedule: onceAt(Date.now() + 200), handler: "http", params });
    await eventually(() => recorder.effects()[0] ?? null);
    product.signal("SIGINT");
    await eventually(() => (product.stderr().includes("waiting up to 10 s for 1 run that is at work") ? true : null));
    expect(product.stderr()).toContain("ctrl-C again ends the process at once");
    product.signal("SIGINT");
    expect(await product.exited).toEqual({ code: 1, signal: null });
  });

  test("gives back a run that takes longer than the drain, ends with 0, and runs it again at the next start", async () => {
    const { dataDir } = setup();
    const product = await runProduct(endings, { dataDir, env: { DRAIN_MS: "200" } });
    const recorder = await recorderIn(dataDir);
    const params = { url: targetUrl(recorder.url, { mark: "long", slowMs: 4_000 }) };
    const job = { name: "long", schedule: onceAt(Date.now() + 200), handler: "http", params, retry: { maxAttempts: 1 } };
    await product.call("PUT", "/jobs/long", job);
    await eventually(() => recorder.effects()[0] ?? null);
    const asked = Date.now();
    expect(await product.end()).toBe(0);
    expect(Date.now() - asked).toBeLessThan(4_000);
    const next = await runProduct(endings, { dataDir });
    const run = await eventually(async () => (await next.listRuns("long")).find(ended) ?? null);
    expect(run).toMatchObject({ state: "succeeded", attempt: 2, attempts: [{ state: "released" }, { state: "succeeded" }] });
    expect(recorder.effects()).toMatchObject([
      { attempt: 1, outcome: "aborted" },
      { attempt: 2, outcome: "answered" },
    ]);
  });

  test("keeps what stood: jobs, their versions and their history read the same at the next start", async () => {
    const { dataDir } = setup();
    const product = await runProduct(endings, { dataDir });
    const params = { url: `${product.address}/livez` };
    await product.call("PUT", "/jobs/done", { name: "done", schedule: onceAt(Date.now() + 200), handler: "http", params, tags: ["kept"] });
    await product.call("PUT", "/jobs/later", { name: "later", schedule: "0 9 * * 1", handler: "http", params });
    await product.call("PATCH", "/jobs/later", { description: "changed" });
    await product.call("POST", "/jobs/later/pause");
    await eventually(async () => ((await product.call<JobView>("GET", "/jobs/done")).status === "succeeded" ? true : null));
    const before = await Promise.all(["done", "later"].map((id) => product.call<JobDetailView>("GET", `/jobs/${id}`)));
    expect(await product.end()).toBe(0);
    const next = await runProduct(endings, { dataDir });
    const after = await Promise.all(["done", "later"].map((id) => next.call<JobDetailView>("GET", `/jobs/${id}`)));
    expect(after).toEqual(before);
    expect(after).toMatchObject([
      { status: "succeeded", state: "finished" },
      { version: 3, state: "paused", description: "changed" },
    ]);
  });
});
