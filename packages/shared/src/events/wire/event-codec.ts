import type { TicklineEvent } from "../event.ts";
import type { EventAttributes, WireHeaders } from "./cloud-event.ts";

/** A received message: none of its content is trusted. */
export interface WireMessage {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: WireHeaders;
}

/** An encoded event. */
export interface EncodedEvent {
  /** Null: it may go to any partition. */
  readonly key: string | null;
  readonly value: Uint8Array | string;
  readonly headers: Record<string, string>;
}

export type Decoded =
  | { readonly kind: "event"; readonly event: TicklineEvent }
  /** An event of a type that this version does not know: a newer version published it for newer readers. */
  | { readonly kind: "unknown"; readonly type: string }
  /** Unreadable for this version: it goes to the dead letters. Without attributes its envelope is unreadable too. */
  | { readonly kind: "undecodable"; readonly reason: string; readonly attributes?: EventAttributes };

/** Events to messages and back. */
export interface EventCodec {
  encode(events: readonly TicklineEvent[]): readonly EncodedEvent[];
  /** Rejects (`bus_unavailable`, retryable) when a server it needs, such as a registry, is unavailable: the messages may be fine. */
  decode(messages: readonly WireMessage[]): Promise<readonly Decoded[]>;
}
