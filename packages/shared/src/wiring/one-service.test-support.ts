import { writeSync } from "node:fs";
import { AppError } from "../domain/app-error.ts";
import { logLevelSetting } from "../runtime/config/common-settings.ts";
import type { EndProcess } from "../runtime/service/process-work.ts";
import { runService } from "./run-service.ts";

/** A process with a service that does nothing but end in the way `ACT` says. Started by `run-service.integration.test.ts`. */
const say = (line: string): void => void writeSync(1, `${line}\n`);
const { ACT = "" } = process.env;
const attempt = { handler: "work", jobId: "job-1", runId: "run-1", attempt: 3 };

const waits = (): unknown => setInterval(() => undefined, 1_000);

const acts: Readonly<Record<string, (end: EndProcess) => unknown>> = {
  throws: () =>
    setTimeout(() => {
      throw new Error("boom");
    }),
  rejects: () => void Promise.reject(new Error("boom")),
  exits: () => process.exit(0),
  "ends at once": (end) => end(new AppError("internal", "boom"), { atOnce: true }),
  "loses its bus": (end) => end(new AppError("bus_unavailable", "boom: the consumer is dead")),
  "has nothing to do": () => undefined,
  waits,
  "stops badly": waits,
};

runService(
  {
    name: "one",
    table: { logLevel: logLevelSetting },
    open: ({ end }) =>
      Promise.resolve({
        url: "http://127.0.0.1:1",
        start() {
          if (ACT === "does not start") return Promise.reject(new AppError("bad_config", "boom"));
          setImmediate(() => acts[ACT]?.(end));
          return Promise.resolve();
        },
        async stop() {
          say("stopped");
          if (ACT === "stops badly") throw new Error("boom");
          await Promise.resolve();
        },
        async abandon() {
          say("abandoning");
          await new Promise((written) => setTimeout(written, 50));
          say("abandoned");
        },
        work: () => ({ attempts: [attempt], running: null }),
      }),
    greeting: () => "up",
    shutdownMs: () => 5_000,
  },
  { argv: [], env: process.env },
);
