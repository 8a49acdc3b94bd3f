import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "@jest/globals";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { START } from "@tickline/shared/testing/factories";
import { RunAborted } from "../../attempt/run-aborted.ts";
import { toRunError } from "../../attempt/thrown-error.ts";
import type { HandlerContext } from "../../handlers/handler.ts";
import { createEgressGuard } from "../egress/egress-guard.ts";
import { createHttpHandler, type HttpHandlerDeps, type HttpHandlerLimits } from "./http-handler.ts";
import { HttpParamsSchema, type HttpParams } from "./http-params.ts";

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A real server that keeps what it received. */
export async function target(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const received: Received[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      answer(response, request);
    });
  };
  const server = createServer(listener);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** As where the service listens on loopback. */
const LOCAL_EGRESS = createEgressGuard({ policy: { listensOnLoopback: true, allow: [] }, ownPort: () => null });

/** The handler under test. `process.stoodStill`: as if the next look at the clock found the lease gone. */
export function handler(limits: HttpHandlerLimits = {}, deps: Partial<HttpHandlerDeps> = {}) {
  const http = createHttpHandler({ clock: { ...systemClock, now: () => START }, egress: LOCAL_EGRESS, ...deps }, limits);
  closers.push(() => http.close());
  const abort = new AbortController();
  const process = { stoodStill: false };
  const logged: string[] = [];
  async function run(params: Partial<HttpParams> & { readonly url: string }, ends = abort) {
    const context = {
      params: HttpParamsSchema.parse(params),
      runId: "RUN",
      jobId: "nightly",
      attempt: 2,
      idempotencyKey: "RUN",
      scheduledFor: new Date(START),
      lastRun: null,
      log: { info: (message: string) => void logged.push(message), warn: (message: string) => void logged.push(message) },
      get signal() {
        if (process.stoodStill) ends.abort(new RunAborted("lease_lost"));
        return ends.signal;
      },
    };
    return http.handler.run(context as unknown as HandlerContext<HttpParams>) as Promise<Record<string, unknown>>;
  }
  return {
    run,
    abort,
    process,
    logged,
    close: http.close,
    readFault: (params: Parameters<typeof run>[0]) => run(params).then(notFailed, toRunError),
  };
}
export const notFailed = (output: unknown): never => {
  throw new Error(`it succeeded: ${JSON.stringify(output)}`);
};
/** Answers with this. */
export const end =
  (status: number, body = "", headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);
