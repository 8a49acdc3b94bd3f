import { JsonSchema } from "@tickline/shared/domain/json";
import { asyncApiDocument } from "@tickline/shared/events/asyncapi/asyncapi-document";
import { z } from "zod";
import { EVENTS_POLICY, eventsPage } from "../events-page/events-page.ts";
import { content, JSON_TYPE } from "../http/answer.ts";
import { noQuery } from "../http/list-query.ts";
import { route, type Route } from "../http/route.ts";

/** The document of all that is said on the bus, for those who would rather speak Kafka, and a page to read it. */
export function eventsDocumentRoutes(version: string): Route[] {
  let text: string | null = null; // Made when first asked for: starting does not wait for them.
  let page: string | null = null;
  return [
    route({
      method: "get",
      path: "/asyncapi.json",
      query: noQuery,
      docs: {
        operationId: "asyncapi",
        tag: "Service",
        summary: "The document of all events, commands and reports on Kafka",
        responses: { 200: { description: "AsyncAPI 3.0.", schema: z.record(z.string(), JsonSchema) } },
        problems: [],
      },
      handle: () => content(JSON_TYPE, (text ??= JSON.stringify(asyncApiDocument(version)))),
    }),
    route({
      method: "get",
      path: "/docs/events",
      query: noQuery,
      docs: {
        operationId: "eventsPage",
        tag: "Service",
        summary: "That document as a page",
        responses: { 200: { description: "Topics, events, their fields and examples.", schema: z.string(), mediaType: "text/html" } },
        problems: [],
      },
      handle: () =>
        content("text/html; charset=utf-8", (page ??= eventsPage(asyncApiDocument(version))), { "Content-Security-Policy": EVENTS_POLICY }),
    }),
  ];
}
