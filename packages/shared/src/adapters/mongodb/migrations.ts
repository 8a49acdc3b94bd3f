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

/** The version this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

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

/** The version is noted after each step, so that a crash in between repeats only one. */
export async function migrate(connection: Connection, { meta }: Pick<Collections, "meta">): Promise<MigrationReport> {
  const from = await versionOf(meta);
  if (from > SCHEMA_VERSION) {
    const known = `schema ${from}, this one knows ${SCHEMA_VERSION}`;
    throw new AppError(
      "store_corrupt",
      `the database was written by a newer Tickline (${known}): start that version, or use another database`,
    );
  }
  const missing = MIGRATIONS.slice(from);
  for (const [index, { run }] of missing.entries()) {
    await run(connection);
    await meta.updateMany({ _id: { $eq: "schema" } }, { $max: { value: from + index + 1 } });
  }
  return { from, to: SCHEMA_VERSION, steps: missing.map(({ name }) => name) };
}

/** Rows that there is one of are made first and then only changed, so that no write needs to be an upsert. */
async function versionOf(meta: Collections["meta"]): Promise<number> {
  const [row] = await meta.find({ _id: { $eq: "schema" } });
  if (row !== undefined) return row.value;
  await meta.insert([
    { _id: "watermark", value: 0 },
    { _id: "schema", value: 0 },
  ]);
  return 0;
}
