import { expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const ROOT = path.resolve(import.meta.dirname, "../../../..");

test("npm run test:handlers runs tests beside handlers that are outside of the repository", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tickline-tests-"));
  try {
    cpSync(path.join(ROOT, "examples/handlers"), folder, { recursive: true });
    const { stdout } = await promisify(execFile)("npm", ["run", "--silent", "test:handlers", "--", path.join(folder, "greet.test.ts")], {
      cwd: ROOT,
      shell: process.platform === "win32",
    });
    expect(stdout).toMatch(/pass 2\n[\s\S]*fail 0/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
