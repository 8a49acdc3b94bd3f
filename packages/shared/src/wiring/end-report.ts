import type { Logger } from "../runtime/log/logger.ts";
import type { AttemptName, ProcessWork } from "../runtime/service/process-work.ts";
import { loggableError } from "./loggable-error.ts";

/** The log lines about the end of a process, with the running attempts. */
export interface EndReport {
  say(message: string): void;
  /** For an end without a fault. */
  note(message: string, fields: Record<string, unknown>): void;
  /** `thrown`: whatever it was. */
  fault(message: string, thrown: unknown): void;
  /** One more fault, after the one that ends the process. */
  laterFault(thrown: unknown): void;
}

/** Most attempts named in one log line; the line also has their number. */
const ATTEMPTS_LOGGED_MAX = 100;
/** Further faults that are logged while the process ends because of the first. */
const LATER_FAULTS_LOGGED_MAX = 10;

/** `work` is null while there is no service. */
export function createEndReport(log: Logger, work: () => ProcessWork | null): EndReport {
  let laterFaults = 0;

  /** A failing log must not stop the steps after it. */
  function write(message: string, fields: Record<string, unknown>, level: "error" | "info" = "error"): void {
    try {
      log[level]({ ...fields, ...workFields(work()) }, message);
    } catch {
      // There is no other place to report it.
    }
  }
  return {
    say: (message) => write(message, {}),
    note: (message, fields) => write(message, fields, "info"),
    fault: (message, thrown) => write(message, { err: loggableError(thrown) }),
    laterFault(thrown) {
      laterFaults += 1;
      if (laterFaults <= LATER_FAULTS_LOGGED_MAX) write("one more fault while the process ends", { err: loggableError(thrown) });
    },
  };
}

function workFields(work: ProcessWork | null): Record<string, unknown> {
  if (work === null) return {};
  const { attempts, running } = work;
  return {
    ...(running === null ? {} : { thrownIn: pickAttemptName(running) }),
    atWork: attempts.length,
    attempts: attempts.slice(0, ATTEMPTS_LOGGED_MAX).map(pickAttemptName),
  };
}

const pickAttemptName = ({ handler, jobId, runId, attempt }: AttemptName): AttemptName => ({ handler, jobId, runId, attempt });
