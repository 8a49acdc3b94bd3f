import { expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDataFolder } from "./data-folder.ts";
import { openSqliteStore } from "../sqlite-store.ts";

function setup() {
  const root = mkdtempSync(join(tmpdir(), "tickline-folder-"));
  return { dir: join(root, "data"), [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** A process that locks the folder, prints that it did, and holds the lock until it is killed. */
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

const OPEN_TO_OTHERS = 0o077;
const readMode = (path: string): number => statSync(path).mode & 0o777;

test("the folder and its files are for their owner alone, also those of SQLite", async () => {
  using folder = setup();
  lockDataFolder(folder.dir).release();
  const store = await openSqliteStore({ file: join(folder.dir, "tickline.db") });
  expect(readdirSync(folder.dir)).toEqual(expect.arrayContaining(["tickline.db", "tickline.db-wal", "tickline.lock", "tickline.pid"]));
  for (const name of readdirSync(folder.dir)) expect([name, readMode(join(folder.dir, name))]).toEqual([name, 0o600]);
  expect(readMode(folder.dir)).toBe(0o700);
  await store.close();
});

test("what an earlier version left open to others is closed", () => {
  using folder = setup();
  lockDataFolder(folder.dir).release();
  writeFileSync(join(folder.dir, "tickline.db-wal"), "");
  for (const name of readdirSync(folder.dir)) chmodSync(join(folder.dir, name), 0o664);
  chmodSync(folder.dir, 0o755);
  lockDataFolder(folder.dir).release();
  for (const name of ["", ...readdirSync(folder.dir)]) expect([name, readMode(join(folder.dir, name)) & OPEN_TO_OTHERS]).toEqual([name, 0]);
});

test("a folder that holds other things too keeps its mode, and they keep theirs", () => {
  using folder = setup();
  mkdirSync(folder.dir);
  writeFileSync(join(folder.dir, "other"), "theirs");
  chmodSync(join(folder.dir, "other"), 0o644);
  chmodSync(folder.dir, 0o755);
  lockDataFolder(folder.dir, "jobs.db").release();
  expect([readMode(folder.dir), readMode(join(folder.dir, "other")), readMode(join(folder.dir, "jobs.db"))]).toEqual([0o755, 0o644, 0o600]);
});

test.each(["tickline.pid", "tickline.lock", "tickline.db", "tickline.db-wal"])(
  "%s is no door through a symbolic link, whether what it names is there or not",
  (name) => {
    using folder = setup();
    mkdirSync(folder.dir);
    const victim = join(folder.dir, "..", "victim");
    symlinkSync(victim, join(folder.dir, name));
    expect(() => lockDataFolder(folder.dir)).toThrow(/symbolic link is in the place of a file: move it away, or choose another folder/);
    expect(existsSync(victim)).toBe(false);
    writeFileSync(victim, "theirs");
    chmodSync(victim, 0o644);
    expect(() => lockDataFolder(folder.dir)).toThrow("symbolic link");
    expect([readFileSync(victim, "utf8"), readMode(victim)]).toEqual(["theirs", 0o644]);
  },
);

test.each(["tickline.pid", "tickline.lock", "tickline.db", "tickline.db-shm"])(
  "a folder in the place of %s is said in a sentence",
  (name) => {
    using folder = setup();
    mkdirSync(join(folder.dir, name), { recursive: true });
    expect(() => lockDataFolder(folder.dir)).toThrow(
      expect.objectContaining({
        code: "bad_config",
        message: expect.stringMatching(/ cannot be used: a folder is in the place of a file/),
      }),
    );
  },
);

test.each(["data", "data/deeper"])("a file in the place of %s, or on the way to it, is said in a sentence", (path) => {
  using folder = setup();
  writeFileSync(folder.dir, "a file");
  expect(() => lockDataFolder(join(folder.dir, "..", path))).toThrow(
    expect.objectContaining({
      code: "bad_config",
      message: expect.stringMatching(/a file is in the place of a folder: move the file away/),
    }),
  );
});

test("whether a process has had the folder before is returned", () => {
  using folder = setup();
  const first = lockDataFolder(folder.dir);
  first.release();
  const second = lockDataFolder(folder.dir);
  second.release();
  expect([first.usedBefore, second.usedBefore]).toEqual([false, true]);
});

test("a folder is made with those above it, and one that cannot be made there is said, in a moment", () => {
  using folder = setup();
  lockDataFolder(join(folder.dir, "deeper/still")).release();
  expect([readMode(folder.dir), readMode(join(folder.dir, "deeper/still"))]).toEqual([0o700, 0o700]);
  if (process.platform !== "linux") return;
  expect(() => lockDataFolder("/proc/tickline/data")).toThrow(/cannot be used: it cannot be made there: choose another folder/);
});

test("a lock file that is none is not taken for another process's", () => {
  using folder = setup();
  mkdirSync(folder.dir);
  writeFileSync(join(folder.dir, "tickline.lock"), "something else that is long enough to be looked at, and no database ".repeat(20));
  expect(() => lockDataFolder(folder.dir)).toThrow(/tickline\.lock: .*not a database/);
});
