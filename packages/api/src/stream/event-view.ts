import { evaluate } from "@tickline/shared/domain/evaluation";
import { toIso } from "@tickline/shared/domain/instant";
import { PUBLIC_EVENT_TYPES, type TicklineEvent } from "@tickline/shared/events/event";
import { toJsonData } from "@tickline/shared/events/wire/json-codec";
import { JsonSchema } from "@tickline/shared/domain/json";
import { z } from "zod";
import { InstantView } from "../views/instant-view.ts";

export const EventView = z
  .object({
    id: z.string().meta({ description: "One for each thing that happened: a repeat has the same." }),
    type: z.enum(PUBLIC_EVENT_TYPES),
    source: z.string(),
    subject: z.string().meta({ description: "The id of the job." }),
    time: InstantView,
    tenantId: z.string(),
    data: z.record(z.string(), JsonSchema),
  })
  .meta({ id: "Event", description: "The attributes of CloudEvents 1.0, with instants as text." });

/** What happens on a stream besides events: what was missed is not sent again. */
export const RESET = "reset";

const text = (description: string) => z.string().optional().meta({ description });

/** One message of a stream, as the standard of server-sent events reads its lines. A member cannot be named by reference here but by its address. */
export const StreamedView = z
  .object({
    event: z.enum([...PUBLIC_EVENT_TYPES, RESET]).meta({ description: "The type of the event; `reset`: something was missed." }),
    id: text("For `Last-Event-ID`."),
    data: z.string().meta({
      description: "An event as JSON; of `reset` why.",
      contentMediaType: "application/json",
      contentSchema: { anyOf: [{ $ref: "#/components/schemas/Event" }, { $ref: "#/components/schemas/Reset" }] },
    }),
    retry: z.int().optional().meta({ description: "Milliseconds after which to come back when the stream breaks." }),
  })
  .meta({ id: "Streamed", description: "A server-sent event." });
export const ResetView = z.object({ reason: z.literal("last_event_unknown") }).meta({ id: "Reset" });

/** An event as one line of JSON, its data as JSON on Kafka has it. */
export const showEvent = (event: TicklineEvent): string => {
  const { data: _, time, ...envelope } = event;
  return JSON.stringify({ ...envelope, time: toIso(time), data: toJsonData(event) });
};

/** The same; null where it cannot be shown, as an instant that no calendar has. */
export function showIfShowable(event: TicklineEvent): string | null {
  const shown = evaluate(() => showEvent(event));
  return shown.kind === "evaluated" ? shown.value : null;
}
