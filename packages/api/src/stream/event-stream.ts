import type { IncomingMessage, ServerResponse } from "node:http";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { createSession, type EventBuffer } from "better-sse";
import { SECURITY_HEADERS } from "../http/security-headers.ts";
import { showEvent, showIfShowable } from "./event-view.ts";
import type { EventHub } from "./event-hub.ts";

export interface StreamRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly accepts: (event: TicklineEvent) => boolean;
  /** `Last-Event-ID`: where the client was when its last stream broke. */
  readonly lastEventId: string | undefined;
}

export interface StreamLimits {
  readonly streamBufferBytesMax: number;
  readonly streamKeepAliveMs: number;
}

/** Answers with events for as long as the client listens. */
export async function openEventStream(
  hub: EventHub,
  { req, res, accepts, lastEventId }: StreamRequest,
  limits: StreamLimits,
): Promise<void> {
  const session = await createSession(req, res, {
    statusCode: 200,
    headers: SECURITY_HEADERS,
    keepAlive: limits.streamKeepAliveMs,
    serializer: (text) => String(text),
  });

  function write(fill: (buffer: EventBuffer) => void): void {
    if (!session.isConnected) return;
    void session.batch(fill);
    // A reader that is this far behind would have us keep everything for it; it can come back and resume.
    if (res.writableLength > limits.streamBufferBytesMax) res.destroy();
  }
  const deliver = (events: readonly TicklineEvent[], textOf: (event: TicklineEvent) => string): void =>
    write((buffer) => {
      for (const event of events) buffer.push(textOf(event), event.type, event.id);
    });

  const missed = lastEventId === undefined ? [] : hub.window.after(lastEventId);
  if (missed === null) write((buffer) => void buffer.push(RESET, "reset", hub.window.latestId() ?? ""));
  else if (lastEventId === undefined) write((buffer) => void buffer.id(hub.window.latestId() ?? "").dispatch());
  else
    deliver(
      missed.filter((event) => accepts(event) && showIfShowable(event) !== null),
      showEvent,
    );

  const leave = hub.listen({ accepts, deliver, close: () => res.end() });
  session.once("disconnected", leave);
  if (!session.isConnected) leave();
}

/** What was missed is not kept any more: the client has to read anew what it shows. */
const RESET = JSON.stringify({ reason: "last_event_unknown" });
