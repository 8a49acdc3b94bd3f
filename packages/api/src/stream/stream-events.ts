import type { IncomingMessage } from "node:http";
import { JobIdSchema } from "@tickline/shared/domain/job/job-definition";
import { PUBLIC_EVENT_TYPES } from "@tickline/shared/events/event";
import type { Clock } from "@tickline/shared/ports/clock";
import { z } from "zod";
import { content, TAKEN } from "../http/answer.ts";
import { clientAddress } from "@tickline/shared/runtime/http/client-address";
import { problem, RETRY_AFTER_S, type Problem } from "../problems/problem.ts";
import { route, type Route } from "../http/route.ts";
import type { EventHub } from "./event-hub.ts";
import { openEventStream, type StreamLimits } from "./event-stream.ts";
import { StreamedView } from "./event-view.ts";

const EVENT_STREAM_TYPE = "text/event-stream";

const EventQuery = z.object({
  jobId: JobIdSchema.optional(),
  type: z.array(z.enum(PUBLIC_EVENT_TYPES)).max(PUBLIC_EVENT_TYPES.length).optional().meta({ description: "Repeated: any of them." }),
});

export interface EventRouteDeps {
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly limits: StreamLimits & { readonly streamsMax: number; readonly streamsPerAddressMax: number };
}

/** `GET /events` */
export const streamEventsRoute = ({ hub, clock, limits }: EventRouteDeps): Route =>
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
        "Server-sent events: the name is the type, the data is an event as JSON. `Last-Event-ID` continues after that event while it is kept. " +
        "Otherwise, or if too many events were missed, one event `reset` says that events were missed.",
      headers: ["Last-Event-ID"],
      responses: { 200: { description: "A stream that does not end.", schema: StreamedView, mediaType: EVENT_STREAM_TYPE } },
      problems: ["too_many_streams", "bad_header"],
    },
    async handle({ query: { jobId, type }, header, connection: { req, res } }) {
      if (req.method === "HEAD") return content(EVENT_STREAM_TYPE, "");
      if (!hasUsableHost(req)) return problem("bad_header", "Host has to name a host");
      const client = clientAddress(req.socket.remoteAddress);
      if (hub.listeners >= limits.streamsMax) return tooMany(`${limits.streamsMax} streams are open`);
      if (hub.countListeners(client) >= limits.streamsPerAddressMax)
        return tooMany(`${limits.streamsPerAddressMax} streams are open from this address`);
      const types = type === undefined ? null : new Set<string>(type);
      const accepts = (event: { readonly type: string; readonly subject: string }): boolean =>
        (jobId === undefined || event.subject === jobId) && (types === null || types.has(event.type));
      await openEventStream({ hub, clock, limits }, { req, res, client, accepts, lastEventId: header("last-event-id") });
      return TAKEN;
    },
  });

const tooMany = (detail: string): Problem => problem("too_many_streams", detail, { headers: { "Retry-After": String(RETRY_AFTER_S) } });

/** The stream library makes a `Request`, which accepts no other addresses. */
function hasUsableHost({ url = "/", headers }: IncomingMessage): boolean {
  const address = URL.parse(url, `http://${headers.host ?? "localhost"}`);
  return address !== null && address.username === "" && address.password === "";
}
