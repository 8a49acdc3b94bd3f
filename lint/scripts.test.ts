import { expect, test } from "@jest/globals";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "..");
/** What `cmd.exe` does not know, or reads otherwise: npm starts scripts with it on Windows. */
const ONLY_OF_SH = /'|`|\$|;|~|\\|(^|&& ?)(exec|export|[A-Z_]+=|rm|cp|mv|mkdir|test|\.\/)/;

const scripts = [
  "package.json",
  ...globSync(["packages/*/package.json", "bench/package.json", "examples/*/package.json"], { cwd: ROOT }),
].flatMap((file) => {
  const { scripts: own = {} } = JSON.parse(readFileSync(path.join(ROOT, file), "utf8")) as { scripts?: Record<string, string> };
  return Object.entries(own).map(([name, script]) => [`${file}: ${name}`, script] as const);
});

test.each(scripts)("%s is a line for every shell", (_, script) => {
  expect(script).not.toMatch(ONLY_OF_SH);
});

/** The handler `command` starts a shell where a job asks for one, on systems that have it. */
const COMMAND_HANDLER = /^packages\/(executor\/src\/built-in\/command\/|e2e\/src\/commands-killed\.test\.ts$)/;

test("nothing but the handler of commands, and the suite that runs those of README, starts a shell", () => {
  const files = globSync(["{packages,bench,lint}/**/*.ts", "*.mjs"], { cwd: ROOT, exclude: (name) => /node_modules|dist/.test(name) });
  const starts = /(?:spawn|spawnSync|execFile|execFileSync)\(\s*["'](?:sh|bash|zsh)["']|\bexecSync\(|shell: (?:true|["'])/;
  const found = files.filter((file) => starts.test(readFileSync(path.join(ROOT, file), "utf8")) && !file.endsWith("scripts.test.ts"));
  const others = found.map((file) => file.replaceAll("\\", "/")).filter((file) => !COMMAND_HANDLER.test(file));
  expect(others).toEqual(["packages/e2e/src/product/run-command.ts"]);
});
