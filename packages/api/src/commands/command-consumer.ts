import { isCommand, type Command } from "@tickline/shared/events/command";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Reply } from "@tickline/shared/events/reply";
import { COMMANDS_TOPIC, REPLIES_TOPIC } from "@tickline/shared/events/topics";
import type { RefusedEvent, UnreadableMessage } from "@tickline/shared/ports/bus";
import { inParallel } from "@tickline/shared/runtime/batch/in-parallel";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import type { Service } from "@tickline/shared/runtime/service/service";
import { Counter } from "prom-client";
import type { ApiContext } from "../api-context.ts";
import { replyTo, replyToUnreadable } from "./command-outcome.ts";
import { performCommand } from "./perform-command.ts";

/**
 * Carries out commands of the bus, and publishes replies. A batch is acknowledged when its replies are. A repeated batch is carried
 * out again: the ids of its commands make sure that it makes nothing new. It gets replies again.
 */
export function createCommandConsumer(context: ApiContext): Service {
  const { bus, clock, config, log, metrics } = context;
  const counter = new Counter({
    name: "tickline_commands_total",
    help: "Commands of the bus by what became of them.",
    labelNames: ["command", "outcome"],
    registers: [metrics],
  });

  /** Commands about one job or run keep their order. */
  async function performInOrder(commands: readonly Command[]): Promise<Reply[]> {
    const replies: Reply[] = [];
    for (const command of commands) {
      const outcome = await performCommand(context, command);
      counter.inc({ command: command.type, outcome: outcome.kind });
      replies.push(replyTo(command, outcome, clock.now()));
    }
    return replies;
  }
  async function onBatch(events: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]> {
    const sequences = [...Map.groupBy(events.filter(isCommand), commandTarget).values()];
    const replies = await inParallel(sequences, { atOnce: config.commandsAtOnce, work: performInOrder });
    if (replies.length > 0) await bus.publish(REPLIES_TOPIC, replies.flat());
    return refuseOthers(events.filter((event) => !isCommand(event)));
  }
  /** The sender of an event that is no command expects no reply, so it gets none. */
  function refuseOthers(events: readonly TicklineEvent[]): readonly RefusedEvent[] {
    const [first] = events;
    if (first === undefined) return [];
    counter.inc({ command: "none", outcome: "refused" }, events.length);
    log.warn({ type: first.type, source: first.source, id: first.id, events: events.length }, "events that are no commands were refused");
    return events.map((event) => ({ event, reason: `${event.type} is no command` }));
  }
  /** The messages become dead letters, for a person. Their senders get a refusal at once. */
  async function onUnreadable(messages: readonly UnreadableMessage[]): Promise<void> {
    const replies = messages.flatMap((message) => replyToUnreadable(message, clock.now()) ?? []);
    for (const { data } of replies) counter.inc({ command: data.command, outcome: "refused" });
    if (replies.length > 0) await bus.publish(REPLIES_TOPIC, replies);
  }
  return createLastingSubscription({
    ...context,
    request: () => ({ topics: [COMMANDS_TOPIC], group: "api-commands", from: "beginning", onBatch, onUnreadable }),
  });
}

function commandTarget(command: Command): string {
  switch (command.type) {
    case "CreateJob":
      return command.data.jobId ?? command.id;
    case "TriggerJob":
      return command.data.jobId;
    case "CancelRun":
      return command.data.runId;
  }
}
