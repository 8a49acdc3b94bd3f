import { get, type IncomingMessage } from "node:http";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { RUNS_TOPIC } from "@tickline/shared/events/topics";
import { apiUnderTest, type ApiSetup } from "../api-under-test.test-support.ts";

interface Message {
  readonly event: string | null;
  readonly id: string | null;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects of an event, field by field
  readonly data: any;
}

/** A client that reads messages as a browser does, and waits for a given number of them. */
export async function listen(
  url: string,
  { query = "", lastEventId, localAddress }: { query?: string; lastEventId?: string; localAddress?: string } = {},
) {
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await new Promise<IncomingMessage>((resolve) =>
    get(`${url}/events${query}`, { headers, ...(localAddress !== undefined && { localAddress }) }, resolve),
  );
  const messages: Message[] = [];
  const wakers = new Set<() => void>();
  let text = "";
  let lastId: string | null = null;
  const closed = Promise.withResolvers<void>();
  response.on("close", () => closed.resolve());
  response.on("error", () => undefined);
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string): string | null => new RegExp(`^${name}:(.*)$`, "m").exec(block)?.[1] ?? null;
      lastId = field("id") ?? lastId;
      const data = field("data");
      if (data !== null) messages.push({ event: field("event"), id: field("id"), data: JSON.parse(data) });
    }
    for (const wake of wakers) wake();
  });
  return {
    response,
    messages,
    closed: closed.promise,
    lastId: () => lastId,
    /** Resolves with the messages once there are `count`. */
    async received(count: number): Promise<readonly Message[]> {
      while (messages.length < count) {
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            wakers.delete(wake);
            resolve();
          };
          wakers.add(wake);
        });
      }
      return messages;
    },
    close: () => response.destroy(),
  };
}

/** An api, and means to make events happen. */
export async function streamsUnderTest(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const publish = (topic: string, ...events: readonly TicklineEvent[]): Promise<void> => under.bus.publish(topic, events);
  /** Publishes, and waits until the api has it all. */
  async function happened(...events: readonly TicklineEvent[]): Promise<void> {
    const watcher = await listen(under.url);
    await publish(RUNS_TOPIC, ...events);
    await watcher.received(events.length);
    watcher.close();
  }
  return { ...under, publish, happened, [Symbol.asyncDispose]: under.stop };
}
