import { systemClock } from "@tickline/shared/adapters/system/clock";
import { startGroup } from "./process-group.ts";

/** A process of its own that starts a group and waits: `node group-owner.test-support.ts LINE`. What the group writes goes to its own output. */
const [line = ""] = process.argv.slice(2);
const group = startGroup(
  {
    line: ["/bin/sh", "-c", line],
    env: { PATH: process.env["PATH"] ?? "" },
    cwd: undefined,
    user: null,
    input: null,
    onOutput: (chunk) => void process.stdout.write(chunk),
  },
  systemClock,
);
void group.ended;
