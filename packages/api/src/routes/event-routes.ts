import type { IncomingMessage } from "node:http";
import { JobIdSchema } from "@tickline/shared/domain/job-definition";
import { PUBLIC_EVENT_TYPES } from "@tickline/shared/events/event";
import { z } from "zod";
import { content, TAKEN } from "../http/answer.ts";
import { problem, RETRY_AFTER_S } from "../http/problem.ts";
import { route, type Route } from "../http/route.ts";
import type { EventHub } from "../stream/event-hub.ts";
import { openEventStream, type StreamLimits } from "../stream/event-stream.ts";
import { EventView } from "../stream/event-view.ts";

const EVENT_STREAM_TYPE = "text/event-stream";

const EventQuery = z.object({
  jobId: JobIdSchema.optional(),
  type: z.array(z.enum(PUBLIC_EVENT_TYPES)).max(PUBLIC_EVENT_TYPES.length).optional().meta({ description: "Repeated: any of them." }),
});

export interface EventRouteDeps {
  readonly hub: EventHub;
  readonly limits: StreamLimits & { readonly streamsMax: number };
}

export const eventRoutes = ({ hub, limits }: EventRouteDeps): Route[] => [
  route({
    method: "get",
    path: "/events",
    query: EventQuery,
    repeatable: ["type"],
    docs: {
      operationId: "streamEvents",
      tag: "Events",
      summary: "Events as they happen",
      description:
        "Server-sent events: the name is the type, the data an event as JSON. `Last-Event-ID` goes on behind that event while it is kept; " +
        "else one event `reset` says that something was missed.",
      headers: ["Last-Event-ID"],
      responses: { 200: { description: "A stream that does not end.", schema: EventView, mediaType: EVENT_STREAM_TYPE } },
      problems: ["too_many_streams", "bad_header"],
    },
    async handle({ query: { jobId, type }, header, connection: { req, res } }) {
      if (req.method === "HEAD") return content(EVENT_STREAM_TYPE, "");
      if (!hasUsableHost(req)) return problem("bad_header", "Host has to name a host");
      if (hub.listeners >= limits.streamsMax) {
        return problem("too_many_streams", `${limits.streamsMax} streams are open`, { headers: { "Retry-After": String(RETRY_AFTER_S) } });
      }
      const types = type === undefined ? null : new Set<string>(type);
      const accepts = (event: { readonly type: string; readonly subject: string }): boolean =>
        (jobId === undefined || event.subject === jobId) && (types === null || types.has(event.type));
      await openEventStream(hub, { req, res, accepts, lastEventId: header("last-event-id") }, limits);
      return TAKEN;
    },
  }),
];

/** The stream makes a `Request` of what it answers, which takes no other addresses. */
function hasUsableHost({ url = "/", headers }: IncomingMessage): boolean {
  const address = URL.parse(url, `http://${headers.host ?? "localhost"}`);
  return address !== null && address.username === "" && address.password === "";
}
