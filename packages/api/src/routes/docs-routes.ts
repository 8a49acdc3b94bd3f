import { JsonSchema } from "@tickline/shared/domain/json";
import { z } from "zod";
import { content, JSON_TYPE } from "../http/answer.ts";
import { noQuery } from "../http/list-query.ts";
import { route, type Route } from "../http/route.ts";
import { DOCS_FILES, DOCS_PAGE, DOCS_POLICY } from "../openapi/docs-page.ts";
import { openApiDocument } from "../openapi/openapi-document.ts";
import { docsFile } from "./docs-file.ts";
import { eventsDocumentRoutes } from "./events-document-routes.ts";
import { homeRoutes } from "./home-routes.ts";

/** The version of the api's contract, which the document names. */
export const API_VERSION = "0.1.0";

/** The documents of these routes and of themselves, and of the events, and a page to read each with. */
export function docsRoutes(others: readonly Route[]): Route[] {
  let text: string | null = null; // Made when first asked for: starting does not wait for it.
  const documentText = (): string => (text ??= JSON.stringify(openApiDocument([...others, ...routes], API_VERSION)));
  const routes: Route[] = [
    route({
      method: "get",
      path: "/openapi.json",
      query: noQuery,
      docs: {
        operationId: "openapi",
        tag: "Service",
        summary: "This document",
        responses: { 200: { description: "OpenAPI 3.1.", schema: z.record(z.string(), JsonSchema) } },
        problems: [],
      },
      handle: () => content(JSON_TYPE, documentText()),
    }),
    ...eventsDocumentRoutes(API_VERSION), // Before the files below: the first route that matches answers.
    ...homeRoutes(API_VERSION),
    route({
      method: "get",
      path: "/docs",
      query: noQuery,
      docs: {
        operationId: "docs",
        tag: "Service",
        summary: "This document as a page",
        responses: { 200: { description: "Swagger UI.", schema: z.string(), mediaType: "text/html" } },
        problems: [],
      },
      handle: () => content("text/html; charset=utf-8", DOCS_PAGE, { "Content-Security-Policy": DOCS_POLICY }),
    }),
    route({
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
      handle: ({ id, path }) => docsFile(id, path),
    }),
  ];
  return routes;
}
