import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "@jest/globals";

const folders: string[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder outside the repository, where nothing is installed. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "tickline-handlers-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

/** What a process of its own finds in the folder: Jest has a module loader of its own, which knows no hooks. */
async function loadedFrom(
  folder: string,
  params: unknown = {},
): Promise<{ types?: string[]; outputs?: unknown[]; fault?: { code: string; message: string } }> {
  const script = `
    const { loadHandlers } = await import(${JSON.stringify(new URL("./load-handlers.ts", import.meta.url).href)});
    try {
      const handlers = await loadHandlers(${JSON.stringify(folder)});
      const outputs = [];
      for (const handler of handlers) outputs.push(await handler.run({ log: { info() {} }, params: handler.params.parse(${JSON.stringify(params)}) }));
      console.log(JSON.stringify({ types: handlers.map(({ type }) => type), outputs }));
    } catch ({ code, message }) {
      console.log(JSON.stringify({ fault: { code, message } }));
    }`;
  const options = ["--conditions=@tickline/source", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: tmpdir() });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof loadedFrom>>;
}

const handlerFile = (type: string, run = "() => 1") => `
  import { defineHandler } from "tickline";
  import { z } from "zod";
  export default defineHandler({ type: "${type}", params: z.object({}), run: ${run} });`;

test("handlers may be in any folder, in TypeScript and JavaScript, one or several in a file; other files of the folder are ignored", async () => {
  const folder = await folderWith({
    "b-greet.ts": `
      import { defineHandler, type HandlerContext } from "tickline";
      import { z } from "zod";
      import { greeting } from "./_words.ts";
      const params = z.object({ who: z.string().default("you") });
      const run = ({ params: { who } }: HandlerContext<z.output<typeof params>>): string => greeting + who;
      export default defineHandler({ type: "greet", description: "Says hello.", params, run });`,
    "_words.ts": `export const greeting: string = "hello ";`,
    "a-two.mjs": `
      import { defineHandler, NonRetryable } from "tickline";
      import { z } from "zod/v4";
      const params = z.looseObject({});
      export default [
        defineHandler({ type: "one", params, run: () => new NonRetryable("x").retryable }),
        defineHandler({ type: "two", params, run: () => 2 }),
      ];`,
    "c-common.js": `
      const { defineHandler } = require("tickline");
      module.exports = defineHandler({ type: "common", params: require("zod").object({}), run: () => "common" });`,
    "greet.test.ts": "throw new Error('a test is no handler');",
    "types.d.ts": "export type Nothing = never;",
    "notes.md": "# notes",
    "nested/deep.ts": "throw new Error('folders are left alone');",
  });
  expect(await loadedFrom(folder, { who: "Ada" })).toEqual({
    types: ["one", "two", "greet", "common"],
    outputs: [false, 2, "hello Ada", "common"],
  });
});

test("imports of an installed package are not changed, nor is another zod beside it", async () => {
  const folder = await folderWith({
    "uses.ts": `
      import { defineHandler } from "tickline";
      import { z } from "zod";
      import { zodOfPackage } from "legacy";
      export default defineHandler({ type: "uses", params: z.object({}), run: () => zodOfPackage });`,
    "node_modules/legacy/package.json": `{ "name": "legacy", "type": "module", "exports": "./index.js" }`,
    "node_modules/legacy/index.js": `import zod from "zod"; export const zodOfPackage = zod;`,
    "node_modules/zod/package.json": `{ "name": "zod", "type": "module", "exports": "./index.js" }`,
    "node_modules/zod/index.js": `export default "zod of the package";`,
  });
  expect(await loadedFrom(folder)).toEqual({ types: ["uses"], outputs: ["zod of the package"] });
});

test("all faults are reported at once, with the file and the reason", async () => {
  const folder = await folderWith({
    "a-syntax.ts": "// first line\nexport default {",
    "b-missing.ts": `import "./not-there.ts"; export default 1;`,
    "c-throws.js": "throw new TypeError('on purpose');",
    "d-none.ts": "export const handler = 1;",
    "e-plain.ts": `export default { type: "Bad Type", run: 1 };`,
    "f-date.ts": `
      import { defineHandler } from "tickline";
      import { z } from "zod";
      export default defineHandler({ type: "dated", params: z.object({ at: z.date() }), run: () => 1 });`,
    "g-first.ts": handlerFile("same"),
    "h-second.ts": handlerFile("same"),
    "i-empty.ts": "export default [];",
    "j-fine.ts": handlerFile("fine"),
    "k-enum.ts": "enum Colour { Red } export default Colour;",
  });
  const { fault } = await loadedFrom(folder);
  expect(fault?.code).toBe("bad_handler");
  const lines = (fault?.message ?? "").replaceAll(`${folder}${path.sep}`, "").split("\n  ");
  expect(lines[0]).toBe(`the handlers in ${folder} are not usable:`);
  for (const expected of [
    /^a-syntax\.ts: line 2: SyntaxError: /,
    /^b-missing\.ts: Error: Cannot find module/,
    /^c-throws\.js: TypeError: on purpose$/,
    /^d-none\.ts: it has no default export$/,
    /^e-plain\.ts: type "Bad Type": must be 1 to 64 lower-case letters/,
    /^e-plain\.ts: run must be a function; it must be made by defineHandler/,
    /^e-plain\.ts: params must be a schema of zod 4/,
    /^f-date\.ts: the params of handler dated have no JSON Schema: /,
    /^h-second\.ts: the type same is defined in g-first\.ts already$/,
    /^i-empty\.ts: it exports an empty list$/,
    /^k-enum\.ts: .*SyntaxError: .*enum/s,
  ]) {
    expect(lines).toContainEqual(expect.stringMatching(expected));
  }
  expect(lines.filter((line) => line.startsWith("j-fine"))).toEqual([]);
});

test("a folder that does not exist is named", async () => {
  const { fault } = await loadedFrom(path.join(await folderWith({}), "missing"));
  expect(fault).toMatchObject({ code: "bad_handler", message: expect.stringContaining("the folder of handlers cannot be read: ENOENT") });
});

test("the example of the repository loads and runs", async () => {
  const folder = path.resolve(import.meta.dirname, "../../../../examples/handlers");
  expect(await loadedFrom(folder, { who: "Ada" })).toEqual({ types: ["greet"], outputs: [{ said: "hello Ada" }] });
});
