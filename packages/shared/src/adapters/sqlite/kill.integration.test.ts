import { expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Store } from "../../ports/store/store.ts";
import { ending, pickRunIds, publishable, unannounced } from "../../testing/contracts/store-steps.ts";
import { START } from "../../testing/factories.ts";
import { storeFolder } from "./store-folder.test-support.ts";

/** Number of processes killed one after another on one file, and lines read from each before. */
const LIVES = 6;
const countLines = (life: number): number => 40 + life * 97;

const CHILD = fileURLToPath(new URL("./acknowledging-child.test-support.ts", import.meta.url));

/** The acknowledged writes that a process printed before it was killed. */
async function liveAndDie(file: string, life: number): Promise<string[]> {
  // A flag of V8, as a user may set one: the store's thread must start without it.
  const child = spawn(process.execPath, ["--max-old-space-size=2000", "--conditions=@tickline/source", CHILD, file, String(life)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.split("\n").length > countLines(life)) child.kill("SIGKILL");
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: "SIGKILL" });
  return said.split("\n").slice(0, -1);
}

async function expectAcknowledged(store: Store, lines: readonly string[]): Promise<void> {
  const settled = new Set(lines.filter((line) => line.startsWith("settled")).map((line) => line.split(" ")[2]!));
  for (const line of lines) {
    const [what, name = "", runId = ""] = line.split(" ");
    expect(await store.jobs.get("default", name)).toMatchObject({ id: name, version: 1 });
    if (what === "created") continue;
    const run = await store.runs.get("default", runId);
    expect(run).toMatchObject({ runId, jobId: name });
    if (settled.has(runId)) expect(run?.state).toBe("succeeded");
    if (what === "fired") expect(await store.jobs.get("default", name)).toMatchObject({ nextRunAt: START + 60_000, firedCount: 1 });
  }
}

test("killed at any instant, the store holds all it acknowledged, and finds at once what its last process was running", async () => {
  await using folder = storeFolder();
  const lines: string[] = [];
  for (let life = 0; life < LIVES; life += 1) {
    lines.push(...(await liveAndDie(folder.file, life)));
    const store = await folder.open();
    await expectAcknowledged(store, lines);
    const open = (await store.runs.list("default", { limit: 10_000, cursor: null })).items.filter(({ finishedAt }) => finishedAt === null);
    const running = open.filter(({ state }) => state === "running");
    expect(pickRunIds(await ending(store, START, { limit: 10_000 })).sort()).toEqual(pickRunIds(running).sort());
    expect(pickRunIds(await publishable(store, "default", 10_000)).sort()).toEqual(
      pickRunIds(open.filter(({ state }) => state === "due")).sort(),
    );
    const ended = (await store.runs.list("default", { state: "succeeded", limit: 10_000, cursor: null })).items;
    expect((await unannounced(store)).length).toBe(Math.min(ended.length, 1_000));
    await store.close();
  }
}, 60_000);
