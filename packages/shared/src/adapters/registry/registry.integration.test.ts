import { expect, jest, test } from "@jest/globals";
import { sampleEvents } from "../../events/sample-events.test-support.ts";
import type { AvroRecord } from "../../events/wire/avro-schema.ts";
import { silentLogger } from "../../runtime/log/logger.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { systemClock } from "../system/clock.ts";
import { systemEntropy } from "../system/entropy.ts";
import { openRegistryCodec } from "./registry-codec.ts";
import { createRegistryClient, subjectName } from "./registry-client.ts";
import { frame } from "./wire-frame.ts";

/** A schema that is used only here. */
const newSchema = (): AvroRecord => ({
  type: "record",
  name: `Test${systemEntropy.newId().replaceAll("-", "")}`,
  namespace: "tickline.events",
  doc: "",
  fields: [{ name: "runId", type: "string" }],
});

jest.setTimeout(120_000);

await describeWithServers("schema registry", ["registry"], (servers) => {
  const client = () => createRegistryClient({ url: servers.registryUrl, clock: systemClock });

  test("events come back through schemas that the registry keeps", async () => {
    const [writer, reader] = await Promise.all(
      [1, 2].map(() => openRegistryCodec({ url: servers.registryUrl, clock: systemClock, log: silentLogger })),
    );
    const messages = writer?.encode(sampleEvents()).map(({ value, headers }) => ({ key: null, value: Buffer.from(value), headers }));
    expect(await reader?.decode(messages ?? [])).toEqual(sampleEvents().map((event) => ({ kind: "event", event })));
  });

  test("a schema is registered once, with FULL_TRANSITIVE", async () => {
    const schema = newSchema();
    const first = await client().register(schema);
    expect((await client().register(schema)).id).toBe(first.id);
    const config = await fetch(`${servers.registryUrl}/config/${subjectName(schema)}`);
    expect(await config.json()).toEqual({ compatibilityLevel: "FULL_TRANSITIVE" });
  });

  test("of many that register a new subject at once none is refused, and none that comes later", async () => {
    const schema = newSchema();
    const ids = await Promise.all(Array.from({ length: 8 }, async () => (await client().register(schema)).id));
    expect(new Set([...ids, (await client().register(schema)).id]).size).toBe(1);
  });

  test("a field with a default may come, and one without is refused", async () => {
    const schema = newSchema();
    await client().register(schema);
    const grown = { ...schema, fields: [...schema.fields, { name: "weight", type: "long", default: 0 }] };
    await expect(client().register(grown)).resolves.toBeDefined();
    const broken = { ...schema, fields: [...schema.fields, { name: "owner", type: "string" }] };
    await expect(client().register(broken)).rejects.toMatchObject({ code: "bad_config", retryable: false });
  });

  test("a registry that checks less is refused", async () => {
    const schema = newSchema();
    await client().register(schema);
    const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
    const body = JSON.stringify({ compatibility: "NONE" });
    await fetch(`${servers.registryUrl}/config/${subjectName(schema)}`, { method: "PUT", headers, body });
    await expect(client().register(schema)).rejects.toMatchObject({ code: "bad_config" });
  });

  test("an unknown id is an answer, and no answer is a fault", async () => {
    expect(await client().find(999_999)).toBeNull();
    const schema = newSchema();
    const { id } = await client().register(schema);
    expect([await client().has(schema, id), await client().has(schema, 999_999), await client().has(newSchema(), id)]).toEqual([
      true,
      false,
      false,
    ]);
    const absent = createRegistryClient({ url: "http://127.0.0.1:9", clock: systemClock });
    await expect(absent.find(1)).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
    await expect(absent.has(schema, id)).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
  });

  test("a schema that is no Avro is none to read by", async () => {
    const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
    const body = JSON.stringify({ schemaType: "PROTOBUF", schema: `syntax = "proto3"; message ${newSchema().name} { string a = 1; }` });
    const answer = await fetch(`${servers.registryUrl}/subjects/${systemEntropy.newId()}/versions`, { method: "POST", headers, body });
    const { id } = (await answer.json()) as { id: number };
    const codec = await openRegistryCodec({ url: servers.registryUrl, clock: systemClock, log: silentLogger });
    const [message] = codec.encode(sampleEvents().slice(0, 1));
    const value = Buffer.concat([frame(id, Buffer.alloc(0)), Buffer.from(message?.value ?? "").subarray(5)]);
    expect(await codec.decode([{ key: null, headers: message?.headers ?? {}, value }])).toMatchObject([{ kind: "undecodable" }]);
  });
});
