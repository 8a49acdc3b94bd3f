import type { Connection, Model, Schema } from "mongoose";
import { z } from "zod";
import { InstantSchema } from "../../../domain/time/instant.ts";
import { definitionSchema, type DefinitionRow } from "../jobs/definition-row.ts";
import { jobSchema, type JobRow } from "../jobs/job-row.ts";
import { createRows, type Rows, type RowsOptions } from "./rows.ts";
import { rowSchema } from "./row-schema.ts";
import { runSchema, type RunRow } from "../runs/run-row.ts";

const BindingRow = z.object({
  _id: z.string(),
  tenantId: z.string(),
  scope: z.string(),
  key: z.string(),
  fingerprint: z.string(),
  value: z.string(),
  boundAt: InstantSchema,
});
export type BindingRow = Readonly<z.output<typeof BindingRow>>;

const HandlerRow = z.object({
  /** Its type. */
  _id: z.string(),
  description: z.string().nullable(),
  /** JSON text, because keys of JSON Schema begin with `$`. */
  paramsSchema: z.string(),
  lastSeenAt: InstantSchema,
});
export type HandlerRow = Readonly<z.output<typeof HandlerRow>>;

const LeaderRow = z.object({
  /** The name of the lease. */
  _id: z.string(),
  owner: z.string(),
  expiresAt: InstantSchema,
});
export type LeaderRow = Readonly<z.output<typeof LeaderRow>>;

/**
 * Single values of the store: the version that migrations reached (`schema`), the watermark of runs applied to jobs (`watermark`), the latest time used for
 * a decision (`decided`), the progress of sweeps (`runsForgotten`, `jobsForgotten`), and the time of the latest probe after a refused write (`tried`).
 */
const MetaRow = z.object({
  _id: z.enum(["schema", "watermark", "decided", "runsForgotten", "jobsForgotten", "tried"]),
  value: z.number(),
});
export type MetaRow = Readonly<z.output<typeof MetaRow>>;

// A schema is made once: a connection that has a model accepts only the same schema again.
const requestSchema = rowSchema("requests", BindingRow);
const handlerSchema = rowSchema("handlers", HandlerRow);
const leaderSchema = rowSchema("leaders", LeaderRow);
const metaSchema = rowSchema("meta", MetaRow);

export interface Collections {
  readonly jobs: Rows<JobRow>;
  readonly definitions: Rows<DefinitionRow>;
  readonly runs: Rows<RunRow>;
  readonly requests: Rows<BindingRow>;
  readonly handlers: Rows<HandlerRow>;
  readonly leaders: Rows<LeaderRow>;
  readonly meta: Rows<MetaRow>;
}

export function openCollections(connection: Connection, options?: RowsOptions): Collections {
  const openRows = <Row>(name: string, schema: Schema): Rows<Row> =>
    createRows<Row>(connection.model(name, schema) as unknown as Model<unknown>, options);
  return {
    jobs: openRows<JobRow>("Job", jobSchema),
    definitions: openRows<DefinitionRow>("Definition", definitionSchema),
    runs: openRows<RunRow>("Run", runSchema),
    requests: openRows<BindingRow>("Request", requestSchema),
    handlers: openRows<HandlerRow>("Handler", handlerSchema),
    leaders: openRows<LeaderRow>("Leader", leaderSchema),
    meta: openRows<MetaRow>("Meta", metaSchema),
  };
}
