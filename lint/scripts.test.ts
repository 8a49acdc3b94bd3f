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
