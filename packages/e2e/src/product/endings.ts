import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a test has to undo, last first, whatever became of it. */
export interface Endings {
  add(end: () => Promise<unknown> | void): void;
  run(): Promise<void>;
}

export function createEndings(): Endings {
  const ends: (() => Promise<unknown> | void)[] = [];
  return {
    add: (end) => void ends.push(end),
    async run() {
      for (const end of ends.splice(0).toReversed()) await end();
    },
  };
}

/** A folder of its own outside the repository, gone with the test. */
export function temporaryFolder(endings: Endings): string {
  const folder = mkdtempSync(join(tmpdir(), "tickline-e2e-"));
  endings.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
