import { EVENT_DEFINITIONS, type EventDefinition, type EventPlace } from "../event-definitions.ts";
import { COMMANDS_TOPIC, REPLIES_TOPIC } from "../topics.ts";
import { AVRO_NAMESPACE } from "../wire/avro-schema.ts";
import { jsonCodec } from "../wire/json-codec.ts";
import { toJsonSchema, type JsonSchemaObject } from "../wire/json-schema.ts";
import { toRecordShape } from "../wire/wire-shape.ts";
import { EVENT_EXAMPLES } from "./event-examples.ts";

export interface AsyncApiDocument {
  readonly asyncapi: "3.0.0";
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string };
  };
  readonly defaultContentType: string;
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  readonly operations: Readonly<Record<string, AsyncApiOperation>>;
  readonly components: { readonly messages: Readonly<Record<string, AsyncApiMessage>> };
}

interface Reference {
  readonly $ref: string;
}
interface InChannel {
  readonly channel: Reference;
  readonly messages: readonly Reference[];
}

export interface AsyncApiChannel {
  readonly address: string;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly parameters?: Readonly<Record<string, { readonly description: string; readonly examples: readonly string[] }>>;
}

export interface AsyncApiOperation extends InChannel {
  /** What Tickline does: others send what it receives. */
  readonly action: "send" | "receive";
  readonly reply?: InChannel;
}

export interface AsyncApiMessage {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly contentType: string;
  readonly headers: JsonSchemaObject;
  readonly payload: JsonSchemaObject;
  readonly examples: readonly { readonly headers: object; readonly payload: unknown }[];
  /** Absent: it has no key. */
  readonly bindings?: { readonly kafka: { readonly key: JsonSchemaObject } };
}

const DESCRIPTION =
  `What Tickline publishes on Kafka, and what it receives there: commands, and reports of foreign executors. Every message is a CloudEvent 1.0 in binary mode: the envelope is in \`ce_\` headers,
the value is the data. Without a schema registry the value is JSON, as described here. With one it is Avro in Confluent's framing, by the
same fields: the subject is \`${AVRO_NAMESPACE}.<name of the event>\`, instants are \`timestamp-millis\`, and JSON within is text. Messages
repeat and are reordered; \`ce_id\` is the same for a repeat. Fields are added, never renamed or given another type.`.replaceAll("\n", " ");

/** The AsyncAPI 3 document of every event, made from their schemas, so that both always agree. */
export function asyncApiDocument(version: string): AsyncApiDocument {
  const topics = groupByTopic(EVENT_DEFINITIONS);
  return {
    asyncapi: "3.0.0",
    info: { title: "Tickline events", version, description: DESCRIPTION, license: { name: "MIT" } },
    defaultContentType: "application/json",
    channels: Object.fromEntries(topics.map((topic) => [toChannelName(topic.name), channel(topic)])),
    operations: Object.fromEntries(topics.map((topic) => [operationName(topic), operation(topic)])),
    components: { messages: Object.fromEntries(EVENT_DEFINITIONS.map((definition) => [definition.type, message(definition)])) },
  };
}

/** All events of a topic are published either by Tickline or by others. */
interface Topic {
  readonly name: string;
  readonly saidBy: EventPlace["saidBy"];
  readonly types: readonly string[];
}

function groupByTopic(definitions: readonly EventDefinition[]): readonly Topic[] {
  const said = definitions.flatMap(({ type, places }) => places.map((place) => ({ type, ...place })));
  const byTopic = [...Map.groupBy(said, ({ topic }) => topic)];
  return byTopic.map(([name, events]) => ({ name, saidBy: events[0]?.saidBy ?? "tickline", types: events.map(({ type }) => type) }));
}

/** `jobs` for `tickline.jobs`, `due` for `tickline.due.{queue}`. */
const toChannelName = (topic: string): string => topic.split(".")[1] ?? topic;
const operationName = ({ name, saidBy }: Topic): string => {
  const channelName = toChannelName(name);
  return `${saidBy === "tickline" ? "publish" : "consume"}${channelName.charAt(0).toUpperCase()}${channelName.slice(1)}`;
};

const channel = ({ name, types }: Topic): AsyncApiChannel => ({
  address: name,
  messages: Object.fromEntries(types.map((type) => [type, { $ref: `#/components/messages/${type}` }])),
  ...(name.includes("{queue}") && { parameters: { queue: { description: "The name of a queue.", examples: ["default"] } } }),
});

const operation = ({ name, saidBy, types }: Topic): AsyncApiOperation => ({
  action: saidBy === "tickline" ? "send" : "receive",
  ...inChannel(name, types),
  ...(name === COMMANDS_TOPIC && { reply: inChannel(REPLIES_TOPIC, ["CommandAnswered", "CommandRefused"]) }),
});

const inChannel = (topic: string, types: readonly string[]): InChannel => ({
  channel: { $ref: `#/channels/${toChannelName(topic)}` },
  messages: types.map((type) => ({ $ref: `#/channels/${toChannelName(topic)}/messages/${type}` })),
});

const message = ({ type, summary, key, data }: EventDefinition): AsyncApiMessage => ({
  name: type,
  title: type,
  summary,
  contentType: "application/json",
  headers: headersSchema(type),
  payload: toJsonSchema(toRecordShape(type, data)),
  examples: messageExamples(type),
  ...(key === "jobId" && { bindings: { kafka: { key: { type: "string", description: "The id of the job." } } } }),
});

const messageExamples = (type: string): AsyncApiMessage["examples"] =>
  jsonCodec
    .encode(EVENT_EXAMPLES.filter((event) => event.type === type))
    .map(({ headers, value }) => ({ headers, payload: JSON.parse(String(value)) as unknown }));

const headersSchema = (type: string): JsonSchemaObject => ({
  type: "object",
  required: ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_tenantid", "content-type"],
  properties: {
    ce_specversion: { const: "1.0" },
    ce_id: { type: "string", description: "One for each thing that happened: a repeat has the same." },
    ce_type: { const: type },
    ce_source: { type: "string", description: "Who says it: a foreign executor by its name.", examples: ["tickline/scheduler"] },
    ce_subject: { type: "string", description: "The id of the job, where it is about one." },
    ce_time: { type: "string", format: "date-time", description: "When it happened." },
    ce_tenantid: { type: "string", description: "`default`, until there are more tenants." },
    "content-type": { enum: ["application/json", "application/avro"] },
  },
});
