// npm run verify: its stages one after another, with the time each took. The first that fails ends it.
import { spawnSync } from "node:child_process";

const STAGES = [
  ["format", "format:check"],
  ["lint and types", "lint"],
  ["unit tests", "test:unit"],
  ["dead code", "deadcode"],
];
const { npm_node_execpath: node = process.execPath, npm_execpath: npm } = process.env;

console.time("verify");
for (const [stage, script] of STAGES) {
  console.log(`verify: ${stage} (npm run ${script})`);
  console.time(`verify: ${stage}`);
  const { status } = spawnSync(node, [npm, "run", "--silent", script], { stdio: "inherit" });
  console.timeEnd(`verify: ${stage}`);
  if (status !== 0) {
    console.error(`verify: ${stage} failed`);
    process.exit(status ?? 1);
  }
}
console.timeEnd("verify");
