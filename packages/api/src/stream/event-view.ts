import { evaluate } from "@tickline/shared/domain/evaluation";
import { toIso } from "@tickline/shared/domain/time/instant";
import { PUBLIC_EVENT_TYPES, type TicklineEvent } from "@tickline/shared/events/event";
import { toJsonData } from "@tickline/shared/events/wire/json-codec";
import { JsonSchema } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import { InstantView } from "../views/instant-view.ts";

export const EventView = z
  .object({
    id: z.string().meta({ description: "One id for each thing that happened. A repeat has the same id." }),
    type: z.enum(PUBLIC_EVENT_TYPES),
    source: z.string(),
    subject: z.string().meta({ description: "The id of the job." }),
    time: InstantView,
    tenantId: z.string(),
    data: z.record(z.string(), JsonSchema),
  })
  .meta({ id: "Event", description: "The attributes of CloudEvents 1.0, with instants as text." });

/** The message for missed events that cannot be sent. */
export const RESET = "reset";

const text = (description: string) => z.string().optional().meta({ description });

/** One message of a stream, in the terms of the standard of server-sent events. `contentSchema` can refer to other schemas only by their address. */
export const StreamedView = z
  .object({
    event: z.enum([...PUBLIC_EVENT_TYPES, RESET]).meta({ description: "The type of the event; `reset`: events were missed." }),
    id: text("For `Last-Event-ID`."),
    data: z.string().meta({
      description: "An event as JSON; for `reset` the reason.",
      contentMediaType: "application/json",
      contentSchema: { anyOf: [{ $ref: "#/components/schemas/Event" }, { $ref: "#/components/schemas/Reset" }] },
    }),
    retry: z.int().optional().meta({ description: "Milliseconds after which to reconnect when the stream breaks." }),
  })
  .meta({ id: "Streamed", description: "A server-sent event." });
export const ResetView = z.object({ reason: z.literal("last_event_unknown") }).meta({ id: "Reset" });

/** An event as one line of JSON, with its data as it is in JSON on Kafka. */
export const showEvent = (event: TicklineEvent): string => {
  const { data: _, time, ...envelope } = event;
  return JSON.stringify({ ...envelope, time: toIso(time), data: toJsonData(event) });
};

/** The same; null if it cannot be shown, for example because an instant is out of range. */
export function showIfShowable(event: TicklineEvent): string | null {
  const shown = evaluate(() => showEvent(event));
  return shown.kind === "evaluated" ? shown.value : null;
}
