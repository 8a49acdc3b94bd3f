// npm run verify: its stages one after another, with the time each took. The first that fails ends it.
import { spawn } from "node:child_process";

/** What stands together runs at once: the search for dead code uses one core, and the linter waits for its own threads at times. */
const STAGES = [
  [["format", "format:check"]],
  [
    ["lint and types", "lint"],
    ["dead code", "deadcode"],
  ],
  [["unit tests", "test:unit"]],
];
const { npm_node_execpath: node = process.execPath, npm_execpath: npm } = process.env;

/** Resolves with the exit code. */
const run = ([stage, script]) =>
  new Promise((resolve) => {
    console.log(`verify: ${stage} (npm run ${script})`);
    console.time(`verify: ${stage}`);
    spawn(node, [npm, "run", "--silent", script], { stdio: "inherit" }).on("exit", (code) => {
      console.timeEnd(`verify: ${stage}`);
      if (code !== 0) console.error(`verify: ${stage} failed`);
      resolve(code ?? 1);
    });
  });

async function verify() {
  for (const stages of STAGES) {
    const failed = (await Promise.all(stages.map(run))).find((code) => code !== 0);
    if (failed !== undefined) process.exit(failed);
  }
}

console.time("verify");
void verify().then(() => console.timeEnd("verify"));
