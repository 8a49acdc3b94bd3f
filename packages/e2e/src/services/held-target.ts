import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Endings } from "../product/endings.ts";

export interface HeldCall {
  /** As the caller names it, in `Idempotency-Key`. */
  readonly runId: string;
  /** Until then the caller waits. */
  answer(): void;
}

export interface HeldTarget {
  readonly url: string;
  /** The next call, in the order in which they came; waits for it. */
  called(): Promise<HeldCall>;
}

/** A target over HTTP that answers when a test says so: a handler that calls it is in the middle of its work for as long. */
export async function startHeldTarget(endings: Endings): Promise<HeldTarget> {
  const calls: HeldCall[] = [];
  let wake = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    calls.push({ runId: String(request.headers["idempotency-key"]), answer: () => end(response) });
    wake.resolve();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.add(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo; // A listening TCP server has an address.
  return {
    url: `http://127.0.0.1:${port}/`,
    async called() {
      while (calls.length === 0) {
        await wake.promise;
        wake = Promise.withResolvers();
      }
      return calls.shift() as HeldCall; // There is one.
    },
  };
}

const end = (response: ServerResponse): void => void response.writeHead(200, { "content-type": "application/json" }).end("{}");
