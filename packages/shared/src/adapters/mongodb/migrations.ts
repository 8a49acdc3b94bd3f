import type { Connection } from "mongoose";
import { AppError } from "../../domain/app-error.ts";
import { type Collections, collectionsOf } from "./collections.ts";
import { connect } from "./connection.ts";
import { createIndexes } from "./indexes.ts";

interface Migration {
  readonly name: string;
  /** Safe to repeat, and to run twice at the same time: several processes may start together. */
  readonly run: (connection: Connection) => Promise<void>;
}

/** Each brings a database from the version before it to its own, which is its place in the list, from 1. Never edited once released. */
const MIGRATIONS: readonly Migration[] = [{ name: "collections and their indexes", run: createIndexes }];

/** The version this program writes. A program that knows less refuses the database. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Steps that programs of the same version need not know: they read and write as before. So no version rises, and while the services of a
 * release are replaced by those of the next, one that knows less may start again. In order, and never edited once released.
 */
const ADDITIONS: readonly Migration[] = [{ name: "index of the due runs of a job", run: createIndexes }];

export interface MigrationReport {
  readonly from: number;
  readonly to: number;
  /** Names of the steps that were made. */
  readonly steps: readonly string[];
}

/** Brings a database up to date by itself: the command that does it before the services are started. */
export async function migrateMongodb({ url }: { readonly url: string }): Promise<MigrationReport> {
  const connection = await connect({ url });
  try {
    return await migrate(connection, collectionsOf(connection));
  } finally {
    await connection.close();
  }
}

/** What was made is noted after each step, so that a crash in between repeats only one. */
export async function migrate(connection: Connection, { meta }: Pick<Collections, "meta">): Promise<MigrationReport> {
  const { schema: from, additions } = await versionsOf(meta);
  if (from > SCHEMA_VERSION) {
    const known = `schema ${from}, this one knows ${SCHEMA_VERSION}`;
    throw new AppError(
      "store_corrupt",
      `the database was written by a newer Tickline (${known}): start that version, or use another database`,
    );
  }
  const steps = [
    ...(await makeSteps(connection, { meta, noted: "schema", steps: MIGRATIONS, from })),
    ...(await makeSteps(connection, { meta, noted: "additions", steps: ADDITIONS, from: additions })),
  ];
  return { from, to: SCHEMA_VERSION, steps };
}

interface Steps {
  readonly meta: Collections["meta"];
  readonly noted: Noted;
  readonly steps: readonly Migration[];
  readonly from: number;
}

/** Returns the names of those that were missing. */
async function makeSteps(connection: Connection, { meta, noted, steps, from }: Steps): Promise<string[]> {
  const missing = steps.slice(from);
  for (const [index, { run }] of missing.entries()) {
    await run(connection);
    await meta.updateMany({ _id: { $eq: noted } }, { $max: { value: from + index + 1 } });
  }
  return missing.map(({ name }) => name);
}

type Noted = "schema" | "additions";

/** Rows that there is one of are made first and then only changed, so that no write needs to be an upsert. */
async function versionsOf(meta: Collections["meta"]): Promise<Readonly<Record<Noted, number>>> {
  const ids = ["watermark", "schema", "additions"] as const;
  const rows = new Map((await meta.find({ _id: { $in: ids } })).map(({ _id, value }) => [_id, value]));
  await meta.insert(ids.filter((_id) => !rows.has(_id)).map((_id) => ({ _id, value: 0 })));
  return { schema: rows.get("schema") ?? 0, additions: rows.get("additions") ?? 0 };
}
