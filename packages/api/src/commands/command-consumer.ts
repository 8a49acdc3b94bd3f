import { isCommand, type Command } from "@tickline/shared/events/command";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Reply } from "@tickline/shared/events/reply";
import { COMMANDS_TOPIC, REPLIES_TOPIC } from "@tickline/shared/events/topics";
import type { RefusedEvent, UnreadableMessage } from "@tickline/shared/ports/bus";
import { inParallel } from "@tickline/shared/runtime/in-parallel";
import { createLastingSubscription } from "@tickline/shared/runtime/lasting-subscription";
import type { Service } from "@tickline/shared/runtime/service";
import { Counter } from "prom-client";
import type { ApiContext } from "../api-context.ts";
import { replyTo, replyToUnreadable } from "./command-outcome.ts";
import { performCommand } from "./perform-command.ts";

/**
 * Carries out commands of the bus, and says what became of them. A batch is acknowledged when its replies are; a batch that
 * comes again is carried out again, which by the ids of its commands makes nothing new, and is answered again.
 */
export function createCommandConsumer(context: ApiContext): Service {
  const { bus, clock, config, log, metrics } = context;
  const counter = new Counter({
    name: "tickline_commands_total",
    help: "Commands of the bus by what became of them.",
    labelNames: ["command", "outcome"],
    registers: [metrics],
  });

  /** Those about one thing keep their order. */
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
    const lanes = [...Map.groupBy(events.filter(isCommand), targetOf).values()];
    const replies = await inParallel(lanes, { atOnce: config.commandsAtOnce, work: performInOrder });
    if (replies.length > 0) await bus.publish(REPLIES_TOPIC, replies.flat());
    return refuseOthers(events.filter((event) => !isCommand(event)));
  }
  /** Who says it here waits for nothing, so nobody is answered. */
  function refuseOthers(events: readonly TicklineEvent[]): readonly RefusedEvent[] {
    const [first] = events;
    if (first === undefined) return [];
    counter.inc({ command: "none", outcome: "refused" }, events.length);
    log.warn({ type: first.type, source: first.source, id: first.id, events: events.length }, "events that are no commands were refused");
    return events.map((event) => ({ event, reason: `${event.type} is no command` }));
  }
  /** They stay with the dead letters, where a person finds them; who sent them is not to wait for that. */
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

function targetOf(command: Command): string {
  switch (command.type) {
    case "CreateJob":
      return command.data.jobId ?? command.id;
    case "TriggerJob":
      return command.data.jobId;
    case "CancelRun":
      return command.data.runId;
  }
}
