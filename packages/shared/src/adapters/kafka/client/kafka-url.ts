import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "kafkajs";
import { AppError } from "../../../domain/app-error.ts";

/** How to reach the brokers, as kafkajs takes it. */
export interface KafkaAddress {
  readonly brokers: readonly string[];
  readonly ssl: ConnectionOptions | boolean;
  readonly sasl: SASLOptions | null;
}

/** Settings outside of the URL, so that the URL need not contain a secret. They win over the URL. */
export interface KafkaSecurity {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `plain`, `scram-sha-256` or `scram-sha-512`; default `scram-sha-512`. */
  readonly mechanism?: string | undefined;
  readonly ssl?: boolean | undefined;
  /** Files in PEM: the authority that signed the brokers' certificates, and a certificate and key of our own. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
const PARAMETERS = ["ssl", "mechanism", "caFile", "certFile", "keyFile"] as const;
const SHAPE = "kafka://[user:password@]host:port[,host:port…][?ssl=true&mechanism=scram-sha-512&caFile=…]";

/** Reads `kafka://user:pass@host:9092,host2:9092?ssl=true&mechanism=scram-sha-512`. Throws `bad_config`, never quoting a password. */
export function parseKafkaUrl(url: string, security: KafkaSecurity = {}): KafkaAddress {
  // Not by `URL`: it knows one host only.
  const match = /^kafka:\/\/(?:([^/?#]*)@)?([^@/?#]+)\/?(?:\?([^#]*))?$/.exec(url);
  if (match === null) throw fault(`is not like ${SHAPE}`);
  const [, login, hosts = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!PARAMETERS.some((known) => known === name)) throw fault(`has an unknown parameter ${name}; there are ${PARAMETERS.join(", ")}`);
  }
  const [user, ...rest] = (login ?? "").split(":");
  const given = pickDefined(security);
  const said = {
    ...(user !== "" && { username: decoded(user ?? "") }),
    ...(rest.length > 0 && { password: decoded(rest.join(":")) }),
    ...Object.fromEntries(parameters),
    ...given,
  };
  return { brokers: hosts.split(",").map(checkBroker), ssl: readSsl(said), sasl: readSasl(said) };
}

type Said = Readonly<Record<string, unknown>>;

function checkBroker(text: string): string {
  const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[^:[\]]+):(\d{1,5})$/.exec(text)?.[1] ?? 0);
  if (port < 1 || port > 65_535) throw fault(`names a broker without host and port: ${text}`);
  return text;
}

function readSsl(said: Said): ConnectionOptions | boolean {
  const files = { ca: said["caFile"], cert: said["certFile"], key: said["keyFile"] };
  const pem = Object.entries(files).flatMap(([name, path]) => (typeof path === "string" ? [[name, readPem(path)]] : []));
  const ssl = said["ssl"] ?? pem.length > 0;
  if (ssl === false || ssl === "false") return false;
  if (ssl !== true && ssl !== "true") throw fault("has ssl neither true nor false");
  return pem.length > 0 ? Object.fromEntries(pem) : true;
}

function readSasl({ username, password, mechanism = "scram-sha-512" }: Said): SASLOptions | null {
  if (username === undefined && password === undefined) return null;
  if (typeof username !== "string" || typeof password !== "string") throw fault("names a user without a password, or the reverse");
  const known = MECHANISMS.find((name) => name === mechanism);
  if (known === undefined) throw fault(`has an unknown mechanism; there are ${MECHANISMS.join(", ")}`);
  return { mechanism: known, username, password };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("bad_config", `the file ${path}, named for TLS to Kafka, cannot be read`, { cause });
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fault("has a user or password that is not percent-encoded"); // The cause would quote it.
  }
}

const pickDefined = (values: object): Said => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
const fault = (problem: string): AppError => new AppError("bad_config", `the URL of Kafka ${problem}`);
