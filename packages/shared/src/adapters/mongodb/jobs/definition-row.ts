import { z } from "zod";
import { InstantSchema, type Instant } from "../../../domain/time/instant.ts";
import { evaluate } from "../../../domain/evaluation.ts";
import type { JobDefinition } from "../../../domain/job/job-definition.ts";
import { readDefinition, type StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { isRecord } from "../../../domain/json/stored-value.ts";
import { rowSchema } from "../collections/row-schema.ts";

/** The finding of a sweep: the job has this definition, or it is unreferenced. Use by runs is not recorded. */
export interface Finding {
  readonly use: "job" | "nobody";
  /** When this was first found since the definition was named. */
  readonly since: Instant;
}

/** One definition of a job, with the id of both: written once, read by all its runs. Only the fields about its use change. */
const DefinitionRowSchema = z.object({
  _id: z.string(),
  jobUid: z.string(),
  hash: z.string(),
  /** `params` is JSON text: its keys are the user's, and may hold the dots and dollars that are the server's own. */
  definition: z.custom<Omit<JobDefinition, "params"> & { readonly params: string }>(),
  /** A token of the call that named it last, to use it or to leave it. A sweep compares it before it acts on what it read. */
  named: z.string(),
  /** When a sweep checks whether it is used; absent: its job uses it, and no check is needed before an edit names it again. */
  lookAt: InstantSchema.optional(),
  found: z.custom<Finding>().optional(),
});
export type DefinitionRow = Readonly<z.output<typeof DefinitionRowSchema>>;
export const definitionSchema = rowSchema("definitions", DefinitionRowSchema);

export interface DefinitionKey {
  readonly jobUid: string;
  readonly definitionHash: string;
}

export type Naming = Required<Pick<DefinitionRow, "named" | "lookAt">>;

export const definitionId = (jobUid: string, hash: string): string => `${jobUid}/${hash}`;

export const newDefinitionRow = ({ jobUid, definitionHash }: DefinitionKey, definition: JobDefinition, naming: Naming): DefinitionRow => ({
  _id: definitionId(jobUid, definitionHash),
  jobUid,
  hash: definitionHash,
  definition: storedForm(definition),
  ...naming,
});

export const storedForm = (definition: JobDefinition): DefinitionRow["definition"] => ({
  ...definition,
  params: JSON.stringify(definition.params),
});

export function toStored({ definition }: DefinitionRow): StoredDefinition {
  if (!isRecord(definition)) return readDefinition(definition);
  const params = evaluate(() => JSON.parse(definition.params) as unknown);
  return readDefinition({ ...definition, params: params.kind === "evaluated" ? params.value : null });
}
