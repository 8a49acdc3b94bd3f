import { copyFileSync, chmodSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { describeUnless } from "@tickline/shared/testing/servers/describe-unless";
import type { JobView, RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { REPOSITORY } from "./product/product-process.ts";
import { eventually, runProduct, type RunningProduct } from "./product/running-product.ts";
import { startChild } from "./services/child.ts";
import { pythonFault } from "./services/python.ts";

/** The jobs of docs/migrating.md, as they stand in `examples/migrating`: each is created and run. */

jest.setTimeout(60_000);

const EXAMPLES = join(REPOSITORY, "examples/migrating");
/** Programs of the people who move. Each writes its name and arguments. */
const PROGRAMS = ["backup.sh", "pg_dump", "sync-orders", "close-month", "migrate-data", "refresh-cache", "crawl", "nightly"];
/** What the jobs name and a test must not touch. */
const ELSEWHERE = [/https:\/\/example\.com/g, /\/var\/tmp\/app/g, /"\/backups"/g] as const;

const endings = createEndings();
afterAll(endings.run);

function installPrograms(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const program of PROGRAMS) {
    writeFileSync(join(bin, program), '#!/bin/sh\necho "$(basename "$0") $*"\n');
    chmodSync(join(bin, program), 0o755);
  }
  return bin;
}

async function startTarget(): Promise<string> {
  const server = createServer((_, response) => void response.end());
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  endings.add(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The executor over HTTP with the tasks of the example, in a folder of its own. */
function startTasks(folder: string, url: string): void {
  const files = [join(REPOSITORY, "examples/http-executor/executor.py"), ...globSync(join(EXAMPLES, "celery/*.py"))];
  for (const file of files) copyFileSync(file, join(folder, basename(file)));
  const env = { TICKLINE_URL: url, QUEUE: "celery", PYTHONDONTWRITEBYTECODE: "1" };
  startChild(endings, { command: "python3", args: ["executor.py"], cwd: folder, env });
}

const listExamples = (): string[] => globSync("*/*.json", { cwd: EXAMPLES }).sort();

describeUnless(await pythonFault(), "jobs that were moved", () => {
  let product: RunningProduct;
  let replacements: readonly string[];

  beforeAll(async () => {
    const folder = temporaryFolder(endings);
    for (const name of ["app", "backups"]) mkdirSync(join(folder, name));
    replacements = [await startTarget(), join(folder, "app"), JSON.stringify(join(folder, "backups"))];
    const PATH = `${installPrograms(folder)}:${process.env["PATH"] ?? ""}`;
    product = await runProduct(endings, {
      dataDir: join(folder, "data"),
      args: ["--allow-commands"],
      env: { PATH, EXTERNAL_QUEUES: "celery", LOG_LEVEL: "error" },
    });
    startTasks(folder, product.address);
  });

  test("there are six of each system", () => {
    const systems = Object.groupBy(listExamples(), dirname);
    expect(Object.entries(systems).map(([system, files]) => [system, files?.length])).toEqual([
      ["celery", 6],
      ["crontab", 6],
      ["kubernetes", 6],
    ]);
  });

  test.each(listExamples())("%s runs", async (file) => {
    const text = ELSEWHERE.reduce(
      (body, name, index) => body.replaceAll(name, replacements[index] ?? ""),
      readFileSync(join(EXAMPLES, file), "utf8"),
    );
    const id = basename(file, ".json");
    const job = await product.call<JobView>("PUT", `/jobs/${id}`, JSON.parse(text));
    expect(job.nextRunAt).not.toBeNull();
    const { id: runId } = await product.call<RunView>("POST", `/jobs/${id}/trigger`);
    const run = await eventually(async () => {
      const shown = await product.call<RunView>("GET", `/runs/${runId}`);
      return ["succeeded", "failed"].includes(shown.state) ? shown : null;
    });
    expect(run).toMatchObject({ state: "succeeded", attempt: 1 });
  });
});
