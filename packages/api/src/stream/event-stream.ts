import type { IncomingMessage, ServerResponse } from "node:http";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Clock, Timer } from "@tickline/shared/ports/clock";
import { createEventBuffer, createSession, type EventBuffer } from "better-sse";
import { SECURITY_HEADERS } from "../http/send-answer.ts";
import type { EventHub } from "./event-hub.ts";
import type { z } from "zod";
import { replayEvents, type ReplayLimits } from "./event-replay.ts";
import { RESET, type ResetView } from "./event-view.ts";

export interface StreamRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly client: string;
  readonly accepts: (event: TicklineEvent) => boolean;
  /** `Last-Event-ID`: the last event that the client received before its stream broke. */
  readonly lastEventId: string | undefined;
}

export interface StreamLimits extends ReplayLimits {
  readonly streamBufferBytesMax: number;
  /** A stream is closed if its client reads nothing for this long although data waits for it. */
  readonly answerMsMax: number;
  readonly streamKeepAliveMs: number;
}

export interface StreamDeps {
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly limits: StreamLimits;
}

const serializer = String;

/** Sends events for as long as the client is connected: first missed events, then new ones. */
export async function openEventStream(deps: StreamDeps, { req, res, client, accepts, lastEventId }: StreamRequest): Promise<void> {
  const { hub, limits } = deps;
  const session = await createSession(req, res, {
    statusCode: 200,
    headers: SECURITY_HEADERS,
    keepAlive: limits.streamKeepAliveMs,
    serializer,
  });

  const reading = watchReading(res, deps);
  session.once("disconnected", reading.stop);
  function write(fill: (buffer: EventBuffer) => void): void {
    if (!session.isConnected) return;
    // A reader that is too far behind would need more and more memory. It can reconnect and resume.
    if (res.writableLength > limits.streamBufferBytesMax) return void res.destroy();
    const buffer = createEventBuffer({ serializer });
    fill(buffer);
    void session.batch(buffer);
    reading.look();
  }
  const reset = (): void => write((buffer) => void buffer.push(WHY_RESET, RESET, hub.window.latestId() ?? ""));
  let isReplaying = false; // New events are also in the window, and the replay sends them from there.
  const leave = hub.listen({
    client,
    accepts,
    deliver(events, render) {
      if (isReplaying) return;
      write((buffer) => {
        for (const event of events) buffer.push(render(event), event.type, event.id);
      });
    },
    close: () => res.end(),
  });
  session.once("disconnected", leave);
  if (!session.isConnected) return leave();

  if (lastEventId === undefined) return write((buffer) => void buffer.id(hub.window.latestId() ?? "").dispatch());
  const from = hub.window.positionBehind(lastEventId);
  if (from === null) return reset();
  isReplaying = true;
  const stop = replayEvents(deps, from, {
    client,
    accepts,
    isBehind: () => res.writableLength > 0,
    send: (part) =>
      write((buffer) => {
        for (const [event, text] of part) buffer.push(text, event.type, event.id);
      }),
    end(outcome) {
      isReplaying = false;
      if (outcome === "incomplete") reset();
    },
  });
  session.once("disconnected", stop);
}

/** Ends a stream if the client reads nothing for a time although data waits for it. Call `look` after each write. */
function watchReading(res: ServerResponse, { clock, limits }: StreamDeps): { look(): void; stop(): void } {
  const takenBytes = (): number => (res.socket?.bytesWritten ?? 0) - res.writableLength;
  let timer: Timer | null = null;
  function look(): void {
    if (timer !== null || res.writableLength === 0) return;
    const before = takenBytes();
    timer = clock.setTimer(limits.answerMsMax, () => {
      timer = null;
      if (res.writableLength > 0 && takenBytes() === before) res.destroy();
      else look();
    });
  }
  return { look, stop: () => timer?.cancel() };
}

/** The missed events are no longer kept: the client has to read again what it shows. */
const WHY_RESET = JSON.stringify({ reason: "last_event_unknown" } satisfies z.infer<typeof ResetView>);
