import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ALLOWED_SOURCES, PLANTED_VIOLATIONS, TARGETS } from "./planted-violations.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const OXLINT = path.join(ROOT, "node_modules/oxlint/bin/oxlint");

interface Diagnostic {
  readonly code?: string;
  readonly message: string;
  readonly filename: string;
}

/** A folder laid out like the repository, under its own rules, with nothing in it but what is planted. */
async function plant(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "tickline-fences-")));
  for (const kept of [".oxlintrc.json", "lint", "tsconfig.json", "tsconfig.base.json", "package.json"])
    await cp(path.join(ROOT, kept), path.join(folder, kept), { recursive: true, filter: (file) => !file.endsWith(".ts") });
  await symlink(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
  for (const [file, source] of Object.entries(files)) {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
    await writeFile(path.join(folder, file), source);
  }
  return folder;
}

function lint(folder: string): Promise<readonly Diagnostic[]> {
  const args = [OXLINT, "--type-aware", "--report-unused-disable-directives", "--format=json", "packages"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 }, (_, stdout, stderr) => {
      try {
        resolve((JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics);
      } catch (cause) {
        reject(new Error(`oxlint answered no JSON: ${stdout}${stderr}`, { cause }));
      }
    });
  });
}

/** Rules reported, by file. An unused directive has no rule of its own. */
function rulesByFile(diagnostics: readonly Diagnostic[]): Map<string, Set<string>> {
  const rules = new Map<string, Set<string>>();
  for (const { code, message, filename } of diagnostics) {
    const found = rules.get(filename) ?? new Set();
    rules.set(filename, found.add(code ?? (message.startsWith("Unused") ? "unused directive" : message)));
  }
  return rules;
}

describe("fences", () => {
  let folder: string;
  let found: Map<string, Set<string>>;

  beforeAll(async () => {
    const violations = Object.fromEntries(PLANTED_VIOLATIONS.map(({ file, source }) => [file, source]));
    folder = await plant({ ...TARGETS, ...ALLOWED_SOURCES, ...violations });
    found = rulesByFile(await lint(folder));
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(PLANTED_VIOLATIONS)("refuse $ban", ({ file, rule }) => {
    expect([...(found.get(file) ?? [])]).toEqual([rule]);
  });
  test.each(Object.keys(ALLOWED_SOURCES))("let %s pass", (file) => {
    expect([...(found.get(file) ?? [])]).toEqual([]);
  });
});
