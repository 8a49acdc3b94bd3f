import type { Connection } from "mongoose";
import { AppError } from "../../../domain/app-error.ts";
import { type Collections, openCollections } from "./collections.ts";
import { connect, type ConnectionOptions } from "../server/connection.ts";
import { createMissingIndexes, findMissingIndexes } from "./indexes.ts";

interface Migration {
  readonly name: string;
  /** Safe to repeat, and to run twice at the same time: several processes may start together. */
  readonly run: (connection: Connection) => Promise<void>;
}

/**
 * Each migrates a database from the previous version to its own, which is its position in the list, from 1. Never edited once released. A new index
 * needs no migration: each start makes the missing indexes, and programs that do not know them continue to work.
 */
const MIGRATIONS: readonly Migration[] = [{ name: "collections and their indexes", run: createMissingIndexes }];

/** The version this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

export interface MigrationReport {
  readonly from: number;
  readonly to: number;
  /** Names of the steps that were made. */
  readonly steps: readonly string[];
}

/** Migrates a database by itself: for the command that does it before the services are started. */
export async function migrateMongodb(options: ConnectionOptions): Promise<MigrationReport> {
  const connection = await connect(options);
  try {
    return await migrate(connection, openCollections(connection), options);
  } finally {
    await connection.close();
  }
}

/**
 * The version is recorded after each step, so that a crash in between repeats only one. Steps have a connection of their own without a
 * time limit: an index of many rows takes minutes, and a client that gave up would start it again.
 */
export async function migrate(
  connection: Connection,
  { meta }: Pick<Collections, "meta">,
  options: ConnectionOptions,
): Promise<MigrationReport> {
  const from = await readVersion(meta);
  if (from > SCHEMA_VERSION) {
    const known = `schema ${from}, this one knows ${SCHEMA_VERSION}`;
    throw new AppError(
      "store_corrupt",
      `the database was written by a newer Tickline (${known}): start that version, or use another database`,
    );
  }
  const steps = [...migrationsAfter(from, meta), ...(from === 0 ? [] : await indexSteps(connection))]; // The first step makes all of them.
  if (steps.length === 0) return { from, to: SCHEMA_VERSION, steps: [] };
  const patient = await connect({ ...options, answerMs: 0 });
  try {
    for (const { run } of steps) await run(patient);
  } finally {
    await patient.close();
  }
  return { from, to: SCHEMA_VERSION, steps: steps.map(({ name }) => name) };
}

const migrationsAfter = (from: number, meta: Collections["meta"]): Migration[] =>
  MIGRATIONS.slice(from).map(({ name, run }, index) => ({
    name,
    async run(connection) {
      await run(connection);
      await meta.updateMany({ _id: { $eq: "schema" } }, { $max: { value: from + index + 1 } });
    },
  }));

async function indexSteps(connection: Connection): Promise<Migration[]> {
  const missing = await findMissingIndexes(connection);
  const names = missing.flatMap(({ collection, indexes }) => indexes.map(({ name }) => `${collection}.${name}`));
  return names.length === 0 ? [] : [{ name: `indexes ${names.join(", ")}`, run: createMissingIndexes }];
}

/** Single rows are made first and then only changed, so that no write needs to be an upsert. */
async function readVersion(meta: Collections["meta"]): Promise<number> {
  const [row] = await meta.find({ _id: { $eq: "schema" } });
  if (row !== undefined) return row.value;
  await meta.insert([
    { _id: "watermark", value: 0 },
    { _id: "schema", value: 0 },
  ]);
  return 0;
}
