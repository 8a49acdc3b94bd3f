import { afterAll, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const ROOT = path.resolve(import.meta.dirname, "../../../..");
const TSC = path.join(ROOT, "node_modules/typescript/bin/tsc");

const folder = mkdtempSync(path.join(tmpdir(), "tickline-types-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of the examples in a folder outside of the repository, where nothing is installed. */
async function compile(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [TSC, "--project", folder]).catch((fault: { stdout: string }) => fault);
  return stdout;
}

test("handlers and their tests outside of the repository are checked against the types of Tickline", async () => {
  cpSync(path.join(ROOT, "examples/handlers"), folder, { recursive: true });
  writeFileSync(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({ extends: path.join(ROOT, "tsconfig.handlers.json"), include: ["*.ts"] }),
  );
  expect(await compile()).toBe("");
  appendFileSync(
    path.join(folder, "greet.ts"),
    '\nimport { RunAborted } from "tickline";\nexport const code: number = new RunAborted("timeout").code;\n',
  );
  expect(await compile()).toMatch(/^\S*greet\.ts\(\d+,\d+\): error TS2322: Type 'string' is not assignable/m);
});
