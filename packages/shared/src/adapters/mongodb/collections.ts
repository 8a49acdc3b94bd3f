import { type Connection, type Model, Schema } from "mongoose";
import type { Instant } from "../../domain/instant.ts";
import { definitionSchema, type DefinitionRow } from "./definition-row.ts";
import { jobSchema, type JobRow } from "./job-row.ts";
import { createRows, type Rows } from "./rows.ts";
import { runSchema, type RunRow } from "./run-row.ts";

export interface BindingRow {
  readonly _id: string;
  readonly tenantId: string;
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly value: string;
  readonly boundAt: Instant;
}

export interface HandlerRow {
  /** Its type. */
  readonly _id: string;
  readonly description: string | null;
  /** JSON text: keys of JSON Schema begin with dollars. */
  readonly paramsSchema: string;
  readonly lastSeenAt: Instant;
}

export interface LeaderRow {
  /** The name of the lease. */
  readonly _id: string;
  readonly owner: string;
  readonly expiresAt: Instant;
}

/** What there is one of: how far migrations came (`schema`), and what is folded into jobs (`watermark`). */
export interface MetaRow {
  readonly _id: "schema" | "watermark";
  readonly value: number;
}

export interface Collections {
  readonly jobs: Rows<JobRow>;
  readonly definitions: Rows<DefinitionRow>;
  readonly runs: Rows<RunRow>;
  readonly requests: Rows<BindingRow>;
  readonly handlers: Rows<HandlerRow>;
  readonly leaders: Rows<LeaderRow>;
  readonly meta: Rows<MetaRow>;
}

const plain = (collection: string) =>
  ({ collection, versionKey: false, minimize: false, strict: "throw", autoIndex: false, autoCreate: false }) as const;

const bindingSchema = new Schema<BindingRow>(
  { _id: String, tenantId: String, scope: String, key: String, fingerprint: String, value: String, boundAt: Number },
  plain("requests"),
);
const handlerSchema = new Schema<HandlerRow>(
  { _id: String, description: String, paramsSchema: String, lastSeenAt: Number },
  plain("handlers"),
);
const leaderSchema = new Schema<LeaderRow>({ _id: String, owner: String, expiresAt: Number }, plain("leaders"));
const metaSchema = new Schema<MetaRow>({ _id: String, value: Number } as never, plain("meta"));

export function collectionsOf(connection: Connection): Collections {
  const rowsOf = <Row>(name: string, schema: Schema<Row>): Rows<Row> =>
    createRows(connection.model(name, schema as never) as unknown as Model<Row>);
  return {
    jobs: rowsOf("Job", jobSchema),
    definitions: rowsOf("Definition", definitionSchema),
    runs: rowsOf("Run", runSchema),
    requests: rowsOf("Request", bindingSchema),
    handlers: rowsOf("Handler", handlerSchema),
    leaders: rowsOf("Leader", leaderSchema),
    meta: rowsOf("Meta", metaSchema),
  };
}
