import { Schema } from "mongoose";
import type { JobDefinition } from "../../domain/job-definition.ts";
import type { JsonObject } from "../../domain/json.ts";

/** One immutable definition of a job, named by both: written once, read by all that is fired under it. */
export interface DefinitionRow {
  readonly _id: string;
  readonly jobUid: string;
  readonly hash: string;
  /** `params` is JSON text: its keys are the user's, and may hold the dots and dollars that are the server's own. */
  readonly definition: Omit<JobDefinition, "params"> & { readonly params: string };
}

export const definitionId = (jobUid: string, hash: string): string => `${jobUid}/${hash}`;

export const newDefinitionRow = (jobUid: string, hash: string, definition: JobDefinition): DefinitionRow => ({
  _id: definitionId(jobUid, hash),
  jobUid,
  hash,
  definition: { ...definition, params: JSON.stringify(definition.params) },
});

export const definitionOf = ({ definition }: DefinitionRow): JobDefinition => ({
  ...definition,
  params: JSON.parse(definition.params) as JsonObject,
});

export const definitionSchema = new Schema<DefinitionRow>(
  { _id: String, jobUid: String, hash: String, definition: Schema.Types.Mixed },
  { collection: "definitions", versionKey: false, minimize: false, strict: "throw", autoIndex: false, autoCreate: false },
);
