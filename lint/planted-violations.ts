/** One file that breaks one rule, laid out as in the repository. `source` is written to `file`; `rule` must be reported for it. */
export interface PlantedViolation {
  readonly ban: string;
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

const domain = (name: string): string => `packages/shared/src/domain/${name}.ts`;
const imports = (specifier: string): string => `import { value } from "${specifier}";\nexport const copy = value;\n`;

/** What each arrow points at; files that break no rule themselves. */
export const TARGETS: Readonly<Record<string, string>> = {
  [domain("value")]: "export const value = 1;\n",
  "packages/shared/src/domain/schedule/value.ts": "export const value = 1;\n",
  "packages/shared/src/events/value.ts": "export const value = 1;\n",
  "packages/shared/src/ports/value.ts": "export const value = 1;\n",
  "packages/shared/src/runtime/value.ts": "export const value = 1;\n",
  "packages/shared/src/testing/value.ts": "export const value = 1;\n",
  "packages/shared/src/adapters/memory/value.ts": "export const value = 1;\n",
  "packages/shared/src/adapters/sqlite/value.ts": "export const value = 1;\n",
  "packages/shared/src/adapters/system/value.ts": "export const value = 1;\n",
  "packages/shared/src/wiring/value.ts": "export const value = 1;\n",
  "packages/api/src/value.ts": "export const value = 1;\n",
  "packages/scheduler/src/value.ts": "export const value = 1;\n",
  "packages/standalone/src/value.ts": "export const value = 1;\n",
  "packages/e2e/src/value.ts": "export const value = 1;\n",
};

const arrow = (ban: string, file: string, specifier: string): PlantedViolation => ({
  ban,
  rule: "rings(arrows)",
  file,
  source: imports(specifier),
});

const ARROWS: readonly PlantedViolation[] = [
  arrow("domain imports a port", domain("to-port"), "../ports/value.ts"),
  arrow("domain imports an event", domain("to-event"), "../events/value.ts"),
  arrow("domain imports the runtime", domain("to-runtime"), "../runtime/value.ts"),
  arrow("domain imports an adapter", domain("to-adapter"), "../adapters/memory/value.ts"),
  arrow("domain imports an adapter by its package name", domain("to-adapter-by-name"), "@tickline/shared/adapters/memory/value"),
  arrow("domain imports node", domain("to-node"), "node:fs"),
  arrow("domain imports a part of node", domain("to-node-part"), "node:fs/promises"),
  arrow("domain imports a library besides zod and croner", domain("to-library"), "pino"),
  arrow("a nested domain file imports a port", domain("schedule/to-port"), "../../ports/value.ts"),
  arrow("an event imports a port", "packages/shared/src/events/to-port.ts", "../ports/value.ts"),
  arrow("a port imports more than types of an event", "packages/shared/src/ports/to-event.ts", "../events/value.ts"),
  arrow("a port imports an adapter", "packages/shared/src/ports/to-adapter.ts", "../adapters/memory/value.ts"),
  arrow("a port imports a library", "packages/shared/src/ports/to-library.ts", "ioredis"),
  arrow("the runtime imports an adapter", "packages/shared/src/runtime/to-adapter.ts", "../adapters/memory/value.ts"),
  arrow("an adapter imports another adapter", "packages/shared/src/adapters/memory/to-sqlite.ts", "../sqlite/value.ts"),
  arrow("an adapter imports testing", "packages/shared/src/adapters/memory/to-testing.ts", "../../testing/value.ts"),
  arrow("an adapter imports a test tool", "packages/shared/src/adapters/memory/to-jest.ts", "@jest/globals"),
  arrow("the kernel imports a service", "packages/shared/src/runtime/to-service.ts", "@tickline/api/value"),
  arrow("a service imports an adapter", "packages/api/src/to-adapter.ts", "@tickline/shared/adapters/memory/value"),
  arrow("a service imports the wiring", "packages/api/src/to-wiring.ts", "@tickline/shared/wiring/value"),
  arrow("an adapter imports the wiring", "packages/shared/src/adapters/memory/to-wiring.ts", "../../wiring/value.ts"),
  arrow("a service imports testing", "packages/api/src/to-testing.ts", "@tickline/shared/testing/value"),
  arrow("a service imports another service", "packages/api/src/to-service.ts", "@tickline/scheduler/value"),
  arrow("a service reaches into another package by path", "packages/api/src/by-path.ts", "../../scheduler/src/value.ts"),
  arrow("a service imports what composes it", "packages/api/src/to-standalone.ts", "@tickline/standalone/value"),
  arrow("standalone imports its tests", "packages/standalone/src/to-e2e.ts", "@tickline/e2e/value"),
  arrow("standalone imports testing", "packages/standalone/src/to-testing.ts", "@tickline/shared/testing/value"),
  arrow("a service's test imports another service", "packages/api/src/to-service.test.ts", "@tickline/scheduler/value"),
  {
    ban: "domain imports a type of a port",
    rule: "rings(arrows)",
    file: domain("type-to-port"),
    source: 'import type { value } from "../ports/value.ts";\nexport type Copy = typeof value;\n',
  },
  {
    ban: "domain re-exports from a port",
    rule: "rings(arrows)",
    file: domain("re-export"),
    source: 'export { value } from "../ports/value.ts";\n',
  },
  {
    ban: "domain imports a port when it runs",
    rule: "rings(arrows)",
    file: domain("late-import"),
    source: 'export const late = () => import("../ports/value.ts");\n',
  },
];

const api = (name: string): string => `packages/api/src/${name}.ts`;

const BANS: readonly PlantedViolation[] = [
  { ban: "Date.now", rule: "eslint(no-restricted-properties)", file: api("date-now"), source: "export const now = () => Date.now();\n" },
  { ban: "a bare new Date", rule: "clock(no-bare-date)", file: api("new-date"), source: "export const now = () => new Date();\n" },
  { ban: "Date called", rule: "clock(no-bare-date)", file: api("date-call"), source: "export const now = () => Date();\n" },
  {
    ban: "performance.now",
    rule: "eslint(no-restricted-properties)",
    file: api("performance-now"),
    source: "export const now = () => performance.now();\n",
  },
  {
    ban: "Math.random",
    rule: "eslint(no-restricted-properties)",
    file: api("chance"),
    source: "export const any = () => Math.random();\n",
  },
  {
    ban: "a timer of its own",
    rule: "eslint(no-restricted-globals)",
    file: api("timer"),
    source: "export const later = (what: () => void) => setTimeout(what, 1);\n",
  },
  {
    ban: "a sleep",
    rule: "eslint(no-restricted-imports)",
    file: api("sleep"),
    source: 'import { setTimeout as sleep } from "node:timers/promises";\nexport const nap = () => sleep(1);\n',
  },
  {
    ban: "an id out of nowhere",
    rule: "eslint(no-restricted-imports)",
    file: api("own-id"),
    source: 'import { randomUUID } from "node:crypto";\nexport const id = () => randomUUID();\n',
  },
  {
    ban: "the environment",
    rule: "node(no-process-env)",
    file: api("environment"),
    source: 'export const port = process.env["PORT"];\n',
  },
  {
    ban: "an await outside of functions",
    rule: "node(no-top-level-await)",
    file: api("awaiting"),
    source: "export const value = await Promise.resolve(1);\n",
  },
  { ban: "console", rule: "eslint(no-console)", file: api("talkative"), source: 'console.log("hello");\nexport {};\n' },
  { ban: "a default export", rule: "import(no-default-export)", file: api("unnamed"), source: "export default 1;\n" },
  {
    ban: "any",
    rule: "typescript(no-explicit-any)",
    file: api("untyped"),
    source: "export const pass = (value: any): unknown => value;\n",
  },
  {
    ban: "a floating promise",
    rule: "typescript(no-floating-promises)",
    file: api("floating"),
    source: "export function begin(): void {\n  Promise.resolve(1);\n}\n",
  },
  {
    ban: "a promise that no code awaits",
    rule: "typescript(no-misused-promises)",
    file: api("misused"),
    source: "export const all = (items: number[]) => items.forEach(async (item) => { await Promise.resolve(item); });\n",
  },
  {
    ban: "a switch that forgets a case",
    rule: "typescript(switch-exhaustiveness-check)",
    file: api("forgetful"),
    source:
      'export function say(kind: "won" | "lost"): string {\n  switch (kind) {\n    case "won":\n      return "won";\n  }\n  return "";\n}\n',
  },
  {
    ban: "an import cycle",
    rule: "import(no-cycle)",
    file: api("egg"),
    source: 'import { hen } from "./hen.ts";\nexport const egg = (): unknown => hen;\n',
  },
  {
    ban: "the other half of the cycle",
    rule: "import(no-cycle)",
    file: api("hen"),
    source: 'import { egg } from "./egg.ts";\nexport const hen = (): unknown => egg;\n',
  },
  { ban: "a barrel", rule: "oxc(no-barrel-file)", file: api("barrel"), source: 'export * from "./value.ts";\n' },
  { ban: "a file of no concept", rule: "house(telling-file-name)", file: api("utils"), source: "export const value = 1;\n" },
  { ban: "a name in another case", rule: "unicorn(filename-case)", file: api("camelCase"), source: "export const value = 1;\n" },
  {
    ban: "a disabled rule without its reason",
    rule: "house(reasoned-disable)",
    file: api("silenced"),
    source: 'console.log("hello"); // oxlint-disable-line no-console\nexport {};\n',
  },
  {
    ban: "a disabled rule that nothing needs",
    rule: "unused directive",
    file: api("needless"),
    source: "export const value = 1; // oxlint-disable-line no-console -- this file prints nothing\n",
  },
  { ban: "a promise to do it later", rule: "eslint(no-warning-comments)", file: api("later"), source: "// TODO write it\nexport {};\n" },
  {
    ban: "a switched-off compiler",
    rule: "typescript(ban-ts-comment)",
    file: api("unchecked"),
    source: '// @ts-ignore\nexport const value: number = "one";\n',
  },
  { ban: "a file of more than 300 lines", rule: "eslint(max-lines)", file: api("long"), source: "export {};\n".repeat(301) },
  {
    ban: "a function of more than 60 lines",
    rule: "eslint(max-lines-per-function)",
    file: api("long-function"),
    source: `export function long(): void {\n${"  void 0;\n".repeat(60)}}\n`,
  },
  {
    ban: "more than three parameters",
    rule: "eslint(max-params)",
    file: api("many-params"),
    source: "export const sum = (a: number, b: number, c: number, d: number): number => a + b + c + d;\n",
  },
];

export const PLANTED_VIOLATIONS: readonly PlantedViolation[] = [...ARROWS, ...BANS];

/** What must pass: the same words where they are at home. */
export const ALLOWED_SOURCES: Readonly<Record<string, string>> = {
  ...TARGETS,
  [domain("inward")]: imports("./schedule/value.ts"),
  "packages/shared/src/domain/schedule/outward.ts": imports("../value.ts"),
  [domain("libraries")]: 'import { Cron } from "croner";\nimport { z } from "zod";\nexport const both = [Cron, z];\n',
  "packages/shared/src/ports/typed.ts": 'import type { value } from "../events/value.ts";\nexport type Copy = typeof value;\n',
  "packages/shared/src/adapters/sqlite/inward.ts":
    'import { hash } from "node:crypto";\nimport { value } from "../system/value.ts";\nexport const both = [hash, value];\n',
  "packages/shared/src/adapters/system/now.ts": "export const now = () => [Date.now(), new Date(), performance.now(), Math.random()];\n",
  "packages/api/src/kernel.ts": imports("@tickline/shared/domain/value"),
  "packages/api/src/main.ts": `${imports("@tickline/shared/adapters/sqlite/value")}console.log(copy, process.env);\n`,
  "packages/api/src/kernel.test.ts": `${imports("@tickline/shared/adapters/memory/value")}setTimeout(() => Date.now(), 1);\n`,
  "packages/standalone/src/compose.ts": imports("@tickline/scheduler/value"),
  "packages/e2e/src/whole.test.ts": imports("@tickline/standalone/value"),
  "packages/e2e/src/harness.ts": imports("@tickline/shared/testing/value"),
};
