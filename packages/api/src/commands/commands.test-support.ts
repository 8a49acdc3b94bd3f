import type { JsonValue } from "@tickline/shared/domain/json/json";
import type { Command } from "@tickline/shared/events/command";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Reply } from "@tickline/shared/events/reply";
import { COMMANDS_TOPIC, REPLIES_TOPIC } from "@tickline/shared/events/topics";
import { apiUnderTest, type ApiSetup } from "../api-under-test.test-support.ts";

type Envelope = Partial<Pick<Command, "id" | "source" | "time" | "tenantId" | "subject">>;

/** An api, and what others say to it on the bus. */
export async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const { bus, clock, call } = under;
  const replies: Reply[] = [];
  await bus.subscribe({
    topics: [REPLIES_TOPIC],
    group: "test",
    from: "end",
    onBatch: (events) => void replies.push(...(events as Reply[])),
  });
  let sent = 0;
  const envelope = (over: Envelope = {}) => ({
    id: `command-${(sent += 1)}`,
    source: "billing",
    subject: "",
    time: clock.now(),
    tenantId: "default",
    ...over,
  });
  const create = (job: JsonValue, { jobId = null, ...over }: Envelope & { jobId?: string | null } = {}): Command => ({
    ...envelope(over),
    type: "CreateJob",
    data: { jobId, job },
  });
  const trigger = (jobId: string, { params = null, ...over }: Envelope & { params?: JsonValue } = {}): Command => ({
    ...envelope(over),
    type: "TriggerJob",
    data: { jobId, params },
  });
  const cancel = (runId: string, over: Envelope = {}): Command => ({ ...envelope(over), type: "CancelRun", data: { runId } });
  /** Publishes commands together, and waits for as many replies. Resolves to these. */
  async function tell(...commands: readonly TicklineEvent[]): Promise<Reply[]> {
    const wanted = replies.length + commands.length;
    await bus.publish(COMMANDS_TOPIC, commands);
    while (replies.length < wanted) {
      await new Promise((next) => setImmediate(next));
      clock.advance(1); // For those that are tried again.
    }
    return replies.slice(-commands.length);
  }
  const jobs = async () => (await call("GET /jobs")).body.items as { readonly id: string }[];
  const runs = async () => (await call("GET /runs")).body.items as { readonly id: string }[];
  return { ...under, replies, create, trigger, cancel, tell, jobs, runs, [Symbol.asyncDispose]: under.stop };
}
