import { type Connection, type Model, Schema } from "mongoose";
import type { Instant } from "../../domain/instant.ts";
import { definitionSchema, type DefinitionRow } from "./definition-row.ts";
import { jobSchema, type JobRow } from "./job-row.ts";
import { createRows, type Rows, type RowsOptions } from "./rows.ts";
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

/**
 * What there is one of: how far migrations came (`schema`), what is folded into jobs (`watermark`), what was decided by (`decided`), how
 * far sweeps have gone (`runsForgotten`, `jobsForgotten`), and when a write was tried because one had been refused (`tried`).
 */
export interface MetaRow {
  readonly _id: "schema" | "watermark" | "decided" | "runsForgotten" | "jobsForgotten" | "tried";
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

const bindingSchema = new Schema(
  { _id: String, tenantId: String, scope: String, key: String, fingerprint: String, value: String, boundAt: Number },
  plain("requests"),
);
const handlerSchema = new Schema({ _id: String, description: String, paramsSchema: String, lastSeenAt: Number }, plain("handlers"));
const leaderSchema = new Schema({ _id: String, owner: String, expiresAt: Number }, plain("leaders"));
const metaSchema = new Schema({ _id: String, value: Number } as never, plain("meta"));

export function collectionsOf(connection: Connection, options?: RowsOptions): Collections {
  const rowsOf = <Row>(name: string, schema: Schema): Rows<Row> =>
    createRows<Row>(connection.model(name, schema) as unknown as Model<unknown>, options);
  return {
    jobs: rowsOf<JobRow>("Job", jobSchema),
    definitions: rowsOf<DefinitionRow>("Definition", definitionSchema),
    runs: rowsOf<RunRow>("Run", runSchema),
    requests: rowsOf<BindingRow>("Request", bindingSchema),
    handlers: rowsOf<HandlerRow>("Handler", handlerSchema),
    leaders: rowsOf<LeaderRow>("Leader", leaderSchema),
    meta: rowsOf<MetaRow>("Meta", metaSchema),
  };
}
