import { EVENTS_STYLE } from "./events-style.ts";
import { html, type Html } from "./html.ts";

/** The style sheet of the page at `/`: that of the page of events, without the column of contents. */
export const HOME_STYLE = `${EVENTS_STYLE}body { display: block; }\n`;

/** The page at the address of the service, with links to the others. The links are relative, so they work behind a proxy that adds a prefix. */
export const homePage = (version: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Tickline</title>
        <link rel="icon" type="image/png" href="docs/favicon-32x32.png" />
        <link rel="stylesheet" href="docs/home.css" />
      </head>
      <body>
        <main>
          <h1>Tickline <small>${version}</small></h1>
          <p>Runs jobs when they are due. This is its API: JSON over HTTP.</p>
          <h2>Documents</h2>
          <dl>${DOCUMENTS.map(link)}</dl>
          <h2>What there is</h2>
          <dl>${RESOURCES.map(link)}</dl>
        </main>
      </body>
    </html> `.html;

type Link = readonly [href: string, text: string];

const link = ([href, text]: Link): Html =>
  html`<dt><a href="${href}">/${href}</a></dt>
    <dd>${text}</dd> `;

const DOCUMENTS: readonly Link[] = [
  ["docs", "the REST API, to read and to try"],
  ["docs/events", "events, commands and reports on Kafka"],
  ["openapi.json", "the REST API as OpenAPI 3.1"],
  ["asyncapi.json", "the events as AsyncAPI 3.0"],
];

const RESOURCES: readonly Link[] = [
  ["jobs", "jobs, newest first"],
  ["runs", "runs of all jobs, newest first"],
  ["handlers", "what jobs can run"],
  ["readyz", "whether the service can serve"],
  ["metrics", "Prometheus metrics"],
];
