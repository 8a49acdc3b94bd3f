import { expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDataFolder } from "./data-folder.ts";

function setup() {
  const root = mkdtempSync(join(tmpdir(), "tickline-folder-"));
  return { dir: join(root, "data"), [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** A process that takes the folder, says so, and holds it until it is killed. */
async function holder(dir: string) {
  const module = new URL("./data-folder.ts", import.meta.url).href;
  const script = `const { lockDataFolder } = await import(${JSON.stringify(module)}); lockDataFolder(${JSON.stringify(dir)}); globalThis.gc(); console.log("held"); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return {
    child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

test("a folder that another process owns is refused, and its process named; killed with -9, it leaves nothing behind", async () => {
  using folder = setup();
  await using other = await holder(folder.dir);
  const { child } = other;
  expect(() => lockDataFolder(folder.dir)).toThrow(
    expect.objectContaining({ code: "data_folder_locked", message: expect.stringContaining(`process ${child.pid}`) }),
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  lockDataFolder(folder.dir).release();
});

test("a folder is made if there is none, taken once, and free again when it is released, however often", () => {
  using folder = setup();
  const lock = lockDataFolder(folder.dir);
  expect(() => lockDataFolder(folder.dir)).toThrow(`process ${process.pid}`);
  lock.release();
  lock.release();
  lockDataFolder(folder.dir).release();
});
