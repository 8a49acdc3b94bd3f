import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { parseEffects, type Effect, type EffectLine } from "./effect.ts";
import { parseBehaviour } from "./target-behaviour.ts";

export interface EffectRecorder {
  readonly url: string;
  /** All effects so far, read back from the file. */
  effects(): Effect[];
  close(): Promise<void>;
}

export interface EffectRecorderOptions {
  /** Only ever appended to. */
  readonly file: string;
  /** Called for each call when it is recorded, before it is answered. */
  readonly onLine?: (line: EffectLine) => void;
}

/** Longer than any test, so that it is never the target that closes a connection Tickline keeps. */
const KEEP_ALIVE_MS = 600_000;

/** A target of the `http` handler that writes down every call, and is slow or fails as the URL it is called by says. */
export async function startEffectRecorder({ file, onLine }: EffectRecorderOptions): Promise<EffectRecorder> {
  const fd = openSync(file, "a");
  let calls = 0;

  function append(line: EffectLine): void {
    writeSync(fd, `${JSON.stringify(line)}\n`);
    onLine?.(line);
  }
  function serve(request: IncomingMessage, response: ServerResponse): void {
    const behaviour = parseBehaviour(request.url ?? "/");
    if (behaviour === null) return void response.writeHead(404).end();
    const order = calls++;
    const identity = readIdentity(request);
    append({ line: "start", order, ...identity, mark: behaviour.mark, startedAt: Date.now() });
    const status = identity.attempt < behaviour.failUntil ? behaviour.failStatus : 200;
    const timer = setTimeout(() => {
      // Written down first: a caller that is killed by the answer must not hide that there was one.
      append({ line: "end", order, endedAt: Date.now(), outcome: "answered", status });
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ order }));
    }, behaviour.slowMs);
    response.on("close", () => {
      clearTimeout(timer);
      // At the end it is the recorder that goes away, not its caller.
      if (response.headersSent || !server.listening) return;
      append({ line: "end", order, endedAt: Date.now(), outcome: "aborted", status: null });
    });
    request.resume();
  }
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // A TCP server has this form of address.
    effects: () => parseEffects(readFileSync(file, "utf8")),
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
      closeSync(fd);
    },
  };
}

/** What the `http` handler says of the run, in its headers. A call without them is recorded too, without a run. */
const readIdentity = ({ headers }: IncomingMessage): Pick<Effect, "runId" | "jobId" | "attempt" | "scheduledFor"> => ({
  runId: headerText(headers["tickline-run-id"]),
  jobId: headerText(headers["tickline-job-id"]),
  attempt: Number(headerText(headers["tickline-attempt"])),
  scheduledFor: Date.parse(headerText(headers["tickline-scheduled-for"])),
});

const headerText = (header: string | string[] | undefined): string => (typeof header === "string" ? header : "");
