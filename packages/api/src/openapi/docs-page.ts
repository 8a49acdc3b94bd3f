import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { EVENT_DEFINITIONS } from "@tickline/shared/events/event-definitions";
import { avroSchemaOf } from "@tickline/shared/events/wire/avro-schema";
import { EVENTS_STYLE } from "../events-page/events-style.ts";
import { JSON_TYPE } from "../http/answer.ts";

/** The page at `/docs`. All it loads comes from here: it works without a network, and its policy allows nothing else. */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tickline API</title>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

/** A file of its own, because the policy runs no script inside the page. */
const START_SCRIPT = `SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, displayRequestDuration: true });\n`;

/** Swagger UI writes style attributes and carries its icons in its style sheet. */
export const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

export interface DocsFile {
  readonly type: string;
  readonly body: string | Buffer;
}

/** A file of a page at `/docs` or `/docs/events`; null: there is none of that name. Only names known here are ever looked for. */
export async function readDocsFile(name: string): Promise<DocsFile | null> {
  if (name === "start.js") return { type: "text/javascript; charset=utf-8", body: START_SCRIPT };
  if (name === "events.css") return { type: "text/css; charset=utf-8", body: EVENTS_STYLE };
  if (name.endsWith(".avsc")) return avscFile(name.slice(0, -".avsc".length));
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) return null;
  const folder = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  return { type, body: await readFile(path.join(folder, name)) };
}

/** The schema of an event as a registry gets it. */
function avscFile(event: string): DocsFile | null {
  const definition = EVENT_DEFINITIONS.find(({ type }) => type === event);
  return definition === undefined ? null : { type: JSON_TYPE, body: `${JSON.stringify(avroSchemaOf(definition), null, 2)}\n` };
}
