import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { EVENT_DEFINITIONS } from "@tickline/shared/events/event-definitions";
import { toAvroSchema } from "@tickline/shared/events/wire/avro-schema";
import { EVENTS_STYLE } from "./events-style.ts";
import { HOME_STYLE } from "./home-page.ts";
import { JSON_TYPE } from "../http/answer.ts";

/** The page at `/docs`. It loads everything from this service: it works without a network, and its policy allows nothing else. */
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

/** A separate file, because the policy allows no script inside the page. */
const START_SCRIPT = `const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, displayRequestDuration: true });
`;

/** Added to Swagger UI's own style sheet, which has a dark mode but leaves the page around it white, and which needs about 700 pixels. */
const DOCS_STYLE = `
body { margin: 0; }
html.dark-mode { color-scheme: dark; background: #1c2022; }
html.dark-mode .swagger-ui .headers td, html.dark-mode .swagger-ui .headers .header-col { color: #e4e6e6; }
.swagger-ui .response-col_links { display: none; }
@media (max-width: 48rem) {
  .swagger-ui .wrapper { padding: 0 0.6rem; }
  .swagger-ui .info { margin: 1.2rem 0; }
  .swagger-ui .info .title { font-size: 1.5rem; }
  .swagger-ui .info, .swagger-ui .markdown, .swagger-ui .renderedMarkdown, .swagger-ui .opblock-summary-path { overflow-wrap: anywhere; word-break: normal; }
  .swagger-ui .opblock .opblock-summary, .swagger-ui .opblock .opblock-section-header { flex-wrap: wrap; }
  .swagger-ui .opblock .opblock-summary-control { flex-wrap: wrap; min-width: 0; }
  .swagger-ui .opblock .opblock-summary-path-description-wrapper { flex: 1 1 9rem; min-width: 0; }
  .swagger-ui .opblock .opblock-summary-path { max-width: 100%; min-width: 0; }
  .swagger-ui .opblock .opblock-summary-description { flex-basis: 100%; }
  .swagger-ui .opblock-body, .swagger-ui .responses-inner, .swagger-ui .model-box { max-width: 100%; overflow-x: auto; }
  .swagger-ui .opblock-description-wrapper, .swagger-ui .opblock-external-docs-wrapper, .swagger-ui .opblock-title_normal { padding: 0.6rem; }
  .swagger-ui table.parameters, .swagger-ui table.parameters tbody, .swagger-ui table.parameters tr, .swagger-ui table.parameters td { display: block; width: auto; }
  .swagger-ui table.parameters thead { display: none; }
  .swagger-ui .parameters-col_description, .swagger-ui .parameters-col_name, .swagger-ui .response-col_description { min-width: 0; max-width: 100%; }
  .swagger-ui .parameters-col_description input, .swagger-ui .parameters-col_description select, .swagger-ui textarea { min-width: 0; max-width: 100%; box-sizing: border-box; }
  .swagger-ui .opblock .tab-header .tab-item, .swagger-ui .opblock .tab-header .tab-item:first-of-type { padding: 0 0.6rem 0 0; }
  .swagger-ui table.model tbody tr td:first-of-type { width: 40%; padding-left: 0.6rem; }
  .swagger-ui table.responses-table tbody tr td.response-col_status { min-width: 3rem; }
  .swagger-ui .highlight-code, .swagger-ui pre { max-width: 100%; overflow-x: auto; }
}
`;

/** Swagger UI writes style attributes, and its style sheet contains its icons. */
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

/** The file that browsers request by themselves. */
export const FAVICON = "favicon-32x32.png";

const AVSC = ".avsc";

/** The names of all files. */
export const DOCS_FILES: readonly string[] = [
  "start.js",
  "events.css",
  "home.css",
  ...Object.keys(TYPES),
  ...EVENT_DEFINITIONS.map(({ type }) => `${type}${AVSC}`),
];

/** A file of the page at `/`, `/docs` or `/docs/events`; null: there is none of that name. Only known names are read from disk. */
export async function readDocsFile(name: string): Promise<DocsFile | null> {
  if (name === "start.js") return { type: "text/javascript; charset=utf-8", body: START_SCRIPT };
  if (name === "events.css") return { type: "text/css; charset=utf-8", body: EVENTS_STYLE };
  if (name.endsWith(AVSC)) return avscFile(name.slice(0, -AVSC.length));
  if (name === "home.css") return { type: "text/css; charset=utf-8", body: HOME_STYLE };
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) return null;
  const folder = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const body = await readFile(path.join(folder, name));
  return { type, body: name === "swagger-ui.css" ? `${body.toString()}${DOCS_STYLE}` : body };
}

/** The schema of an event as a registry gets it. */
function avscFile(event: string): DocsFile | null {
  const definition = EVENT_DEFINITIONS.find(({ type }) => type === event);
  return definition === undefined ? null : { type: JSON_TYPE, body: `${JSON.stringify(toAvroSchema(definition), null, 2)}\n` };
}
