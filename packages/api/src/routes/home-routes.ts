import { z } from "zod";
import { EVENTS_POLICY } from "../events-page/events-page.ts";
import { homePage } from "../home-page/home-page.ts";
import { content } from "../http/answer.ts";
import { noQuery } from "../http/list-query.ts";
import { problem } from "../http/problem.ts";
import { route, type Route } from "../http/route.ts";
import { FAVICON } from "../openapi/docs-page.ts";
import { docsFile } from "./docs-file.ts";

const VARY = { Vary: "Accept" };
const HOME_HEADERS = { ...VARY, "Content-Security-Policy": EVENTS_POLICY };

/** What a browser asks for at the address itself. */
export function homeRoutes(version: string): Route[] {
  return [
    route({
      method: "get",
      path: "/",
      query: noQuery,
      docs: {
        operationId: "home",
        tag: "Service",
        summary: "What this is, as a page for browsers",
        description: "For those whose `Accept` names `text/html`; for others there is nothing.",
        responses: { 200: { description: "Name, version and links.", schema: z.string(), mediaType: "text/html" } },
        problems: ["route_not_found"],
      },
      handle: ({ header, path }) =>
        header("accept")?.includes("text/html") === true
          ? content("text/html; charset=utf-8", homePage(version), HOME_HEADERS)
          : problem("route_not_found", `there is nothing at ${path}`, { headers: VARY }),
    }),
    route({
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
      handle: ({ path }) => docsFile(FAVICON, path),
    }),
  ];
}
