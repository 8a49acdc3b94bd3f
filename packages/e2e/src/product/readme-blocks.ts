import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./product-process.ts";

const MARKER = "<!-- executed by packages/e2e/src/readme.test.ts -->";

/** The address that the README's commands ask. */
export const README_ADDRESS = "http://127.0.0.1:7070";

/** The shell blocks from each marker to the end of its section, in order. */
export function executedBlocks(): string[] {
  const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
  const sections = readme.split(MARKER).slice(1);
  return sections.flatMap((text) => {
    const section = text.split(/^#{1,2} /m)[0] ?? "";
    return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block]) => block ?? []);
  });
}
