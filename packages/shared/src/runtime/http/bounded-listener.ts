import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../ports/clock.ts";
import { isOfTheService } from "./service-paths.ts";
import { createUnreadAnswers, type UnreadLimits } from "./unread-answers.ts";

export interface ConnectionLimits extends UnreadLimits {
  /** Requests of one connection that wait for the answer before theirs; beyond it nothing more is read from there. */
  readonly pipelinedMax: number;
}

/** One read of a socket may bring more small requests than may wait. Beyond this many times those, the connection is closed. */
const PIPELINED_TIMES_MAX = 16;

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** The requests of one connection. */
interface Pipeline {
  readonly waiting: Exchange[];
  /** The request that is not fully answered; null: none. */
  current: Exchange | null;
}

export interface BoundedListener {
  readonly listen: RequestListener;
  /** Requests that have begun and are not fully answered, without those of probes. */
  readonly underWay: number;
  /** False: nothing is begun on the connection, what is begun waits for the rest of its request, or its answer waits for its client to read. */
  isAtWork(socket: Socket): boolean;
}

export interface BoundedListenerOptions {
  readonly clock: Clock;
  readonly limits: ConnectionLimits;
  readonly listener: (req: IncomingMessage, res: ServerResponse) => Promise<unknown>;
}

/**
 * Bounds what one connection has in progress. Node emits pipelined requests as soon as they are read. Here the next one
 * begins when the kernel has accepted the answer before it, so a client that does not read gets only one answer.
 */
export function createBoundedListener({ clock, limits, listener }: BoundedListenerOptions): BoundedListener {
  const unread = createUnreadAnswers(clock, limits);
  const pipelines = new WeakMap<Socket, Pipeline>();
  let underWay = 0;

  async function begin(socket: Socket, pipeline: Pipeline, exchange: Exchange): Promise<void> {
    const { req, res } = exchange;
    const counts = isOfTheService(req.url ?? "") ? 0 : 1;
    underWay += counts;
    pipeline.current = exchange;
    res.once("close", () => {
      underWay -= counts;
      ended(socket, pipeline);
    });
    await listener(req, res);
    unread.watch(res);
  }
  function ended(socket: Socket, pipeline: Pipeline): void {
    pipeline.current = null;
    if (pipeline.waiting.length === 0) return;
    if (pipeline.waiting.length <= limits.pipelinedMax) socket.resume();
    setImmediate(next, socket, pipeline); // Other work of the event loop runs in between.
  }
  function next(socket: Socket, pipeline: Pipeline): void {
    if (pipeline.current !== null || socket.destroyed) return;
    const exchange = pipeline.waiting.shift();
    if (exchange !== undefined) void begin(socket, pipeline, exchange);
  }
  function pauseIfFull(socket: Socket, waiting: readonly Exchange[]): void {
    if (waiting.length >= limits.pipelinedMax) socket.pause();
  }
  function listen(req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    let pipeline = pipelines.get(socket);
    if (pipeline === undefined) pipelines.set(socket, (pipeline = { waiting: [], current: null }));
    const { waiting, current } = pipeline;
    if (current === null && waiting.length === 0) return void begin(socket, pipeline, { req, res });
    waiting.push({ req, res });
    if (waiting.length > limits.pipelinedMax * PIPELINED_TIMES_MAX) socket.destroy();
    else if (waiting.length >= limits.pipelinedMax) queueMicrotask(() => pauseIfFull(socket, waiting)); // Node reads on at the end of a request.
  }
  return {
    listen,
    isAtWork(socket) {
      const current = pipelines.get(socket)?.current ?? null;
      return current !== null && current.req.complete && !current.res.writableEnded;
    },
    get underWay() {
      return underWay;
    },
  };
}
