import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Clock, Timer } from "@tickline/shared/ports/clock";
import type { EventHub } from "./event-hub.ts";
import { showIfShowable } from "./event-view.ts";

export interface ReplayLimits {
  readonly streamReplayBytesMax: number;
  readonly streamReplayPartBytes: number;
}

/** Interval of the check whether a part has been read. */
const READ_LOOK_MS = 20;

/** An event and its text. */
export type SentEvent = readonly [event: TicklineEvent, text: string];

export interface ReplayTarget {
  readonly client: string;
  accepts(event: TicklineEvent): boolean;
  /** True while the client has not read everything that was sent. */
  isBehind(): boolean;
  send(part: readonly SentEvent[]): void;
  /** Called once, at the end. `complete`: everything was sent, and new events follow. `incomplete`: events are missing. */
  end(outcome: "complete" | "incomplete"): void;
}

/** Sends missed events to a client, from a position of the window on, part by part, as fast as it reads and as its rate allows. Returns the function that stops it. */
export function replayEvents(
  { hub, clock, limits }: { readonly hub: EventHub; readonly clock: Clock; readonly limits: ReplayLimits },
  from: number,
  target: ReplayTarget,
): () => void {
  const { window } = hub;
  let position = from;
  let bytesLeft = limits.streamReplayBytesMax;
  let timer: Timer | null = null;

  /** Null: an event is no longer kept, because the client reads more slowly than events come. */
  function nextPart(): readonly SentEvent[] | null {
    const part: SentEvent[] = [];
    for (let bytes = 0; position < window.end && bytes < limits.streamReplayPartBytes && bytesLeft > 0; position += 1) {
      const event = window.at(position);
      if (event === null) return null;
      const text = target.accepts(event) ? showIfShowable(event) : null;
      if (text === null) continue;
      part.push([event, text]);
      bytes += Buffer.byteLength(text);
      bytesLeft -= Buffer.byteLength(text);
    }
    return part;
  }
  function go(): void {
    timer = null;
    const waitMs = target.isBehind() ? READ_LOOK_MS : hub.replayRate.takeOrWaitMs(target.client);
    if (waitMs > 0) return void (timer = clock.setTimer(waitMs, go));
    const part = nextPart();
    if (part === null) return target.end("incomplete");
    if (part.length > 0) target.send(part);
    if (position === window.end) return target.end("complete");
    if (bytesLeft <= 0) return target.end("incomplete");
    timer = clock.setTimer(0, go);
  }
  if (position === window.end) target.end("complete");
  else go();
  return () => timer?.cancel();
}
