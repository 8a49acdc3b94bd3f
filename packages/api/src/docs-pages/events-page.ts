import type {
  AsyncApiChannel,
  AsyncApiDocument,
  AsyncApiMessage,
  AsyncApiOperation,
} from "@tickline/shared/events/asyncapi/asyncapi-document";
import { fieldRows, type FieldRow, type Schema } from "./field-rows.ts";
import { html, sentence, type Html } from "./html.ts";

/** The page has one style sheet and one picture of its own, no script, and links. */
export const EVENTS_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The AsyncAPI document as the page at `/docs/events`. Its links are relative to that path. It has no other source, so it cannot contradict the document. */
export function eventsPage(document: AsyncApiDocument): string {
  const topics = listTopics(document);
  const messages = Object.values(document.components.messages);
  const shared = sharedHeaders(messages);
  const isShared = ({ path }: FieldRow): boolean => shared.some((row) => row.path === path);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title}</title>
        <link rel="icon" type="image/png" href="favicon-32x32.png" />
        <link rel="stylesheet" href="events.css" />
      </head>
      <body>
        <nav aria-label="Topics and events">${contents(topics)}</nav>
        <main>
          <h1>${document.info.title} <small>${document.info.version}</small></h1>
          <p>${sentence(document.info.description)}</p>
          <p class="links"><a href="../asyncapi.json">AsyncAPI ${document.asyncapi} document</a> <a href="../docs">REST API</a></p>
          <h2 id="envelope">The envelope</h2>
          <p>Headers of every message; those of one event alone stand with it.</p>
          ${fieldTable("Headers of every message", shared)}
          <h2 id="topics">Topics</h2>
          ${topics.map(topicSection)}
          <h2 id="events">Events</h2>
          ${messages.map((message) =>
            eventSection({ message, topics, headers: fieldRows(message.headers as Schema).filter((row) => !isShared(row)) }),
          )}
        </main>
      </body>
    </html> `.html;
}

interface Topic {
  readonly id: string;
  readonly channel: AsyncApiChannel;
  readonly operation: AsyncApiOperation;
  readonly operationName: string;
  readonly events: readonly string[];
}

const listTopics = ({ channels, operations }: AsyncApiDocument): readonly Topic[] =>
  Object.entries(operations).flatMap(([operationName, operation]) => {
    const id = lastSegment(operation.channel.$ref);
    const channel = channels[id];
    return channel === undefined ? [] : [{ id, channel, operation, operationName, events: Object.keys(channel.messages) }];
  });

const lastSegment = (reference: string): string => reference.slice(reference.lastIndexOf("/") + 1);

/** The header fields that are the same in all messages. */
function sharedHeaders(messages: readonly AsyncApiMessage[]): readonly FieldRow[] {
  const [first = [], ...others] = messages.map(({ headers }) => fieldRows(headers as Schema));
  const inAll = (row: FieldRow): boolean => others.every((rows) => rows.some((other) => JSON.stringify(other) === JSON.stringify(row)));
  return first.filter(inAll);
}

const contents = (topics: readonly Topic[]): Html => html`
  <ul>
    <li><a href="#envelope">The envelope</a></li>
    ${topics.map(
      ({ id, channel, events }) =>
        html`<li>
          <a href="#topic-${id}">${channel.address}</a>
          <ul>
            ${events.map((name) => html`<li><a href="#${name}">${name}</a></li>`)}
          </ul>
        </li> `,
    )}
  </ul>
`;

const topicSection = ({ id, channel, operation, operationName, events }: Topic): Html =>
  html`<section id="topic-${id}">
    <h3><code>${channel.address}</code></h3>
    <p>
      ${operation.action === "send" ? "Tickline publishes" : "Others publish, and Tickline receives"}: ${eventLinks(events)}
      <span class="note">(operation <code>${operationName}</code>, action <code>${operation.action}</code>)</span>
    </p>
    ${Object.entries(channel.parameters ?? {}).map(
      ([name, { description, examples }]) =>
        html`<p>
          <code>{${name}}</code>: ${sentence(description)} ${examples.length > 0 ? html`As in <code>${examples.join(", ")}</code>.` : ""}
        </p>`,
    )}
    ${operation.reply === undefined ? "" : html`<p>Replies are on <a href="#topic-${lastSegment(operation.reply.channel.$ref)}">${lastSegment(operation.reply.channel.$ref)}</a>: ${eventLinks(operation.reply.messages.map(({ $ref }) => lastSegment($ref)))}</p>`}
  </section> `;

const eventLinks = (names: readonly string[]): Html =>
  html`${names.map((name, index) => html`${index === 0 ? "" : ", "}<a href="#${name}">${name}</a>`)}`;

interface EventSection {
  readonly message: AsyncApiMessage;
  readonly topics: readonly Topic[];
  readonly headers: readonly FieldRow[];
}

function eventSection({ message, topics, headers }: EventSection): Html {
  const { name, summary, payload, bindings, contentType, examples } = message;
  const places = topics.filter(({ events }) => events.includes(name));
  const key = (bindings?.kafka.key as Schema | undefined)?.description;
  return html`<section id="${name}">
    <h3>${name}</h3>
    <p>${sentence(summary)}</p>
    <dl>
      <dt>On</dt>
      <dd>${places.map(({ id, channel }, index) => html`${index === 0 ? "" : ", "}<a href="#topic-${id}">${channel.address}</a>`)}</dd>
      <dt>Key</dt>
      <dd>${key ?? "None."}</dd>
      <dt>Value</dt>
      <dd>${contentType}; with a registry Avro, by <a href="${name}.avsc">${name}.avsc</a></dd>
    </dl>
    ${headers.length === 0 ? "" : fieldTable(`Headers of ${name}`, headers)} ${fieldTable(`Value of ${name}`, fieldRows(payload as Schema))}
    ${examples.map(
      (example) =>
        html`<details>
          <summary>Example</summary>
          <pre tabindex="0" aria-label="Headers of the example">${headerLines(example.headers)}</pre>
          <pre tabindex="0" aria-label="Value of the example">${JSON.stringify(example.payload, null, 2)}</pre>
        </details> `,
    )}
  </section> `;
}

const headerLines = (headers: object): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join("\n");

const fieldTable = (caption: string, rows: readonly FieldRow[]): Html =>
  html`<table>
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">field</th>
        <th scope="col">meaning</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            <th scope="row"><code>${row.path}</code> <span class="type">${row.type}</span></th>
            <td>${describeField(row)}</td>
          </tr> `,
      )}
    </tbody>
  </table>`;

const describeField = ({ description, values, fallback, required }: FieldRow): Html =>
  html`${sentence(description)}
  ${values.length === 0 ? "" : html`${values.length === 1 ? "Always" : "One of"} ${values.map((value, index) => html`${index === 0 ? "" : ", "}<code>${value}</code>`)}.`}
  ${fallback === null ? "" : html`<span class="note">Where it is missing: <code>${fallback}</code>.</span>`}
  ${required || fallback !== null ? "" : html`<span class="note">May be missing.</span>`}`;
