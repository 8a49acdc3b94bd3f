import { afterEach, expect, jest, test as anywhere } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { eventually, runProduct } from "./product/running-product.ts";

/** Elsewhere the handler is untested: it needs /proc and programs of util-linux. */
const test = process.platform === "linux" ? anywhere : anywhere.skip;

jest.setTimeout(60_000);

const endings = createEndings();
afterEach(endings.run);

const readLines = (file: string): readonly string[] => {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
};

/** Writes its attempt every few milliseconds, in its own process group and in one that it has left, until the second attempt has written often enough. */
const WRITER = `
  write() { while :; do echo $TICKLINE_ATTEMPT; sleep 0.01; done >> "$1"; }
  (setsid sh -c 'for turn in $(seq 1000); do echo $TICKLINE_ATTEMPT; sleep 0.01; done >> "$1"' sh "$1.left") &
  write "$1" & 
  if [ $TICKLINE_ATTEMPT = 1 ]; then wait; else sleep 0.5; fi`;

test("kill -9 of the executor leaves no program that goes on beside the next attempt", async () => {
  const folder = temporaryFolder(endings);
  const options = { dataDir: join(folder, "data"), args: ["--allow-commands"] };
  const [own, left] = [join(folder, "effects"), join(folder, "effects.left")];
  const product = await runProduct(endings, options);
  await product.call("PUT", "/jobs/writer", {
    name: "writer",
    schedule: "every 1h",
    handler: "command",
    params: { program: WRITER, shell: true, args: [own] },
  });
  await product.call("POST", "/jobs/writer/trigger");
  await eventually(() => (readLines(own).length > 5 && readLines(left).length > 5 ? true : null));
  await product.kill();
  const restarted = await runProduct(endings, options);
  const run = await eventually(async () => (await restarted.listRuns("writer")).find(({ state }) => state === "succeeded") ?? null);
  expect(run).toMatchObject({ attempt: 2 });
  for (const file of [own, left]) {
    const attempts = readLines(file);
    expect(attempts.lastIndexOf("1")).toBeLessThan(attempts.indexOf("2"));
  }
  await restarted.end();
});
