import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the jobs run that schemathesis makes: `echo` returns its params, `fail` fails, `hang` goes on until it is asked to end. */
const RUNS: Readonly<Record<string, string>> = {
  echo: "({ params }) => params",
  fail: '() => { throw new Error("on purpose"); }',
  hang: '({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(null)))',
};

/** A folder of handlers that take any params. */
export function writeHandlers(folder: string): void {
  for (const [type, run] of Object.entries(RUNS)) {
    const text = `import { defineHandler } from "tickline";
import { z } from "zod";
export default defineHandler({ type: "${type}", params: z.record(z.string(), z.json()), run: ${run} });
`;
    writeFileSync(join(folder, `${type}.ts`), text);
  }
}
