import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { AppError, toAppError } from "../../domain/app-error.ts";
import { AVRO_NAMESPACE, type AvroRecord } from "../../events/wire/avro-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import { within } from "../../runtime/within.ts";

/** A schema as the registry's client compiles it: what avsc calls a type. */
export type AvroType = Exclude<Awaited<ReturnType<SchemaRegistry["getSchema"]>>, never> & AvroResolution;
interface AvroResolution {
  createResolver(writer: AvroType): AvroResolver;
}
type AvroResolver = Parameters<Awaited<ReturnType<SchemaRegistry["getSchema"]>>["fromBuffer"]>[1];

export interface RegisteredType {
  readonly id: number;
  readonly type: AvroType;
}

/** What a codec asks of a registry. All of it rejects with `bus_unavailable` when the registry does not answer well. */
export interface RegistryClient {
  /** Makes the schema known under `tickline.events.<Event>` with FULL_TRANSITIVE; rejects with `bad_config` what that forbids. */
  register(schema: AvroRecord): Promise<RegisteredType>;
  /** Null: the registry answers that it has none of this id, or one that cannot be used here. */
  find(id: number): Promise<AvroType | null>;
  /** Whether the registry has this schema under this id at present, whatever is cached. */
  has(schema: AvroRecord, id: number): Promise<boolean>;
  /** Puts the latest version into the cache: those that write are often newer than those that read. */
  warm(subject: string): Promise<void>;
}

export interface RegistryClientOptions {
  /** Base of a Confluent-compatible API, with `user:password@` where it asks for it. */
  readonly url: string;
  readonly clock: Clock;
}

/** Longest wait for one answer of the registry, repeats of the question included. */
const ANSWER_MS_MAX = 10_000;
const RETRIES = 2;
const CONFLICT = 409;
const NOT_FOUND = 404;
const UNPROCESSABLE = 422;

export const subjectName = ({ name }: AvroRecord): string => `${AVRO_NAMESPACE}.${name}`;

export function createRegistryClient({ url, clock }: RegistryClientOptions): RegistryClient {
  const { host, auth } = splitAddress(url);
  const registry = new SchemaRegistry({ host, ...(auth !== null && { auth }), retry: { retries: RETRIES } });

  const late = (): Error => new Error(`no answer within ${ANSWER_MS_MAX} ms`);
  async function asked<Value>(deed: string, ask: () => Promise<Value>): Promise<Value> {
    try {
      return await within(ask(), { clock, ms: ANSWER_MS_MAX, late });
    } catch (cause) {
      throw registryFault(`${deed} at the schema registry ${host}`, cause);
    }
  }
  const registerOnce = (schema: AvroRecord) =>
    registry.register(
      { type: SchemaType.AVRO, schema: JSON.stringify(schema) },
      { subject: subjectName(schema), compatibility: COMPATIBILITY.FULL_TRANSITIVE },
    );
  return {
    register: (schema) =>
      asked(`register ${subjectName(schema)}`, async () => {
        await settleCompatibility(`${host}/config/${subjectName(schema)}`, auth);
        const { id } = await registerOnce(schema).catch((fault: unknown) =>
          // Two that register for the first time at once: one of them meets a conflict, which the next try does not.
          readStatus(fault) === CONFLICT ? registerOnce(schema) : Promise.reject(fault),
        );
        return { id, type: (await registry.getSchema(id)) as AvroType }; // Avro, for an Avro schema.
      }),
    find: (id) =>
      asked(`find schema ${id}`, () =>
        (registry.getSchema(id) as Promise<AvroType>).catch((fault: unknown) => (isUnusable(fault) ? null : Promise.reject(fault))),
      ),
    has: (schema, id) => asked(`look for schema ${id}`, () => hasSchema(`${host}/schemas/ids/${id}`, { auth, name: schema.name })),
    warm: (subject) =>
      asked(`find the latest ${subject}`, async () => void (await registry.getSchema(await registry.getLatestSchemaId(subject)))),
  };
}

/**
 * Sets the compatibility of a new subject before it has a schema. The client would set it after the first schema: another that
 * registers in between is refused, and a crash in between leaves a subject that refuses all schemas.
 */
async function settleCompatibility(config: string, auth: Credentials | null): Promise<void> {
  const headers = makeHeaders(auth);
  const known = await fetch(config, { headers });
  await known.body?.cancel();
  if (known.status !== NOT_FOUND) return; // Other faults meet the client in the same way, and it says which they are.
  const body = JSON.stringify({ compatibility: COMPATIBILITY.FULL_TRANSITIVE });
  const set = await fetch(config, { method: "PUT", headers, body });
  await set.body?.cancel();
  // In conflict with another that says the same; if it says something else, the client is about to see that.
  if (!set.ok && set.status !== CONFLICT) throw new Error(`${config} answers ${set.status}`);
}

/** Past the client, which would answer from its cache. */
async function hasSchema(url: string, { auth, name }: { readonly auth: Credentials | null; readonly name: string }): Promise<boolean> {
  const answer = await fetch(url, { headers: makeHeaders(auth) });
  const text = await answer.text();
  if (answer.status === NOT_FOUND) return false;
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  const { schema } = JSON.parse(text) as { readonly schema?: string };
  return schema !== undefined && (JSON.parse(schema) as { readonly name?: string }).name === name;
}

const makeHeaders = (auth: Credentials | null) => ({
  "content-type": "application/vnd.schemaregistry.v1+json",
  ...(auth !== null && { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}` }),
});

/** A refused schema needs an operator and is not retryable; other faults may pass. */
function registryFault(deed: string, cause: unknown): AppError {
  const refused = readStatus(cause) === CONFLICT || (cause instanceof Error && cause.name === "ConfluentSchemaRegistryCompatibilityError");
  return new AppError(refused ? "bad_config" : "bus_unavailable", toAppError(cause, deed).message, { retryable: !refused, cause });
}

/**
 * The answer says that there is no such schema, or the client cannot use the one there is (of another kind, or of what others registered).
 * Not so 400, which is also the client's word for a registry that cannot be reached.
 */
const isUnusable = (fault: unknown): boolean =>
  readStatus(fault) === NOT_FOUND ||
  readStatus(fault) === UNPROCESSABLE ||
  (fault instanceof Error && fault.name.startsWith("ConfluentSchemaRegistry"));

const readStatus = (fault: unknown): unknown =>
  typeof fault === "object" && fault !== null && "status" in fault ? fault.status : undefined;

/** A type and not an interface: the client wants one that may have other members. */
type Credentials = { readonly username: string; readonly password: string };

function splitAddress(text: string): { readonly host: string; readonly auth: Credentials | null } {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new AppError("bad_config", "REGISTRY_URL must be like http://host:port/path");
  const auth = url.username === "" ? null : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = "";
  url.password = "";
  return { host: url.href.replace(/\/$/, ""), auth };
}
