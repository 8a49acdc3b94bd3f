import { JsonSchema } from "@tickline/shared/domain/json/json";
import { asyncApiDocument } from "@tickline/shared/events/asyncapi/asyncapi-document";
import { z } from "zod";
import { content, JSON_TYPE, type Answer } from "../http/answer.ts";
import { noQuery, route, type Route, type RouteDocs } from "../http/route.ts";
import { openApiDocument } from "./openapi-document.ts";
import { problem } from "../problems/problem.ts";
import { DOCS_FILES, DOCS_PAGE, DOCS_POLICY, FAVICON, readDocsFile } from "./docs-page.ts";
import { EVENTS_POLICY, eventsPage } from "./events-page.ts";
import { homePage } from "./home-page.ts";

/** The version of the API, which the documents name. */
export const API_VERSION = "0.1.0";

/** The documents of all routes and of all events, a page for each of them, and the page at the address itself. */
export function docsRoutes(others: readonly Route[]): Route[] {
  // It never changes while the process runs. It is made at the first request, so that the start does not wait for it.
  let openApiText: string | null = null;
  const routes: Route[] = [
    docsRoute({
      path: "/openapi.json",
      operationId: "openapi",
      summary: "This document",
      responses: { 200: { description: "OpenAPI 3.1.", schema: z.record(z.string(), JsonSchema) } },
      answer: () => content(JSON_TYPE, (openApiText ??= JSON.stringify(openApiDocument([...others, ...routes], API_VERSION)))),
    }),
    docsRoute({
      path: "/asyncapi.json",
      operationId: "asyncapi",
      summary: "The document of all events, commands and reports on Kafka",
      responses: { 200: { description: "AsyncAPI 3.0.", schema: z.record(z.string(), JsonSchema) } },
      answer: () => content(JSON_TYPE, JSON.stringify(asyncApiDocument(API_VERSION))),
    }),
    // Before `/docs/:id`: the first route that matches answers.
    docsRoute({
      path: "/docs/events",
      operationId: "eventsPage",
      summary: "That document as a page",
      responses: { 200: { description: "Topics, events, their fields and examples.", schema: z.string(), mediaType: "text/html" } },
      answer: () => content(HTML_TYPE, eventsPage(asyncApiDocument(API_VERSION)), { "Content-Security-Policy": EVENTS_POLICY }),
    }),
    homeRoute,
    faviconRoute,
    docsRoute({
      path: "/docs",
      operationId: "docs",
      summary: "This document as a page",
      responses: { 200: { description: "Swagger UI.", schema: z.string(), mediaType: "text/html" } },
      answer: () => content(HTML_TYPE, DOCS_PAGE, { "Content-Security-Policy": DOCS_POLICY }),
    }),
    docsFileRoute,
  ];
  return routes;
}

const HTML_TYPE = "text/html; charset=utf-8";

interface DocsRoute extends Pick<RouteDocs, "operationId" | "summary" | "responses"> {
  readonly path: string;
  readonly answer: () => Answer;
}

const docsRoute = ({ path, answer, ...docs }: DocsRoute): Route =>
  route({ method: "get", path, query: noQuery, docs: { tag: "Service", problems: [], ...docs }, handle: answer });

const VARY = { Vary: "Accept" };

/** The page that a browser gets at the address itself. */
const homeRoute: Route = route({
  method: "get",
  path: "/",
  query: noQuery,
  docs: {
    operationId: "home",
    tag: "Service",
    summary: "A start page for browsers",
    description: "Only if `Accept` has `text/html`; otherwise 404.",
    responses: { 200: { description: "Name, version and links.", schema: z.string(), mediaType: "text/html" } },
    problems: ["route_not_found"],
  },
  handle: ({ header, path }) =>
    header("accept")?.includes("text/html") === true
      ? content(HTML_TYPE, homePage(API_VERSION), { ...VARY, "Content-Security-Policy": EVENTS_POLICY })
      : problem("route_not_found", `there is nothing at ${path}`, { headers: VARY }),
});

const faviconRoute: Route = route({
  method: "get",
  path: "/favicon.ico",
  query: noQuery,
  docs: {
    operationId: "favicon",
    tag: "Service",
    summary: "The picture of these pages",
    responses: { 200: { description: "A picture.", schema: z.string(), mediaType: "image/png" } },
    problems: ["route_not_found"],
  },
  handle: ({ path }) => answerFile(FAVICON, path),
});

const docsFileRoute: Route = route({
  method: "get",
  path: "/docs/:id",
  query: noQuery,
  docs: {
    operationId: "docsFile",
    id: z.enum(DOCS_FILES),
    tag: "Service",
    summary: "A file of these pages, or the Avro schema of an event: `JobDue.avsc`",
    responses: {
      200: {
        description: "A script, a style sheet, a picture, or a schema.",
        schema: z.union([z.string(), z.record(z.string(), JsonSchema)]),
        mediaType: "*/*",
      },
    },
    problems: ["route_not_found"],
  },
  handle: ({ id, path }) => answerFile(id, path),
});

async function answerFile(name: string, path: string): Promise<Answer> {
  const file = await readDocsFile(name);
  if (file === null) return problem("route_not_found", `there is nothing at ${path}`);
  return content(file.type, file.body, { "Cache-Control": "public, max-age=3600" });
}
