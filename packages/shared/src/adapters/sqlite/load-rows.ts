import type { DatabaseSync, StatementSync } from "node:sqlite";
import { evaluate } from "../../domain/evaluation.ts";

export type StoredRow = Readonly<Record<string, unknown>>;

/** A query for all rows, for their keys, and for one of them by its key. The first two take the same parameters. */
export interface RowsSql {
  readonly all: string;
  readonly keys: string;
  readonly one: string;
}

export interface RowsBuilder<Built> {
  readonly parameters?: readonly number[];
  readonly build: (rows: Iterable<StoredRow>) => Built;
  /** Told of each row that cannot be taken out of the file: a number in it is beyond what JavaScript counts to. */
  readonly onBad: (key: number, reason: string) => void;
}

/** Builds something of all rows. Should one of them not come out of the file, each is taken by itself, and those that come make it. */
export function buildOfRows<Built>(
  db: DatabaseSync,
  { all, keys, one }: RowsSql,
  { parameters = [], build, onBad }: RowsBuilder<Built>,
): Built {
  const whole = evaluate(() => build(db.prepare(all).iterate(...parameters)));
  if (whole.kind === "evaluated") return whole.value;
  return build(eachOf({ keys: db.prepare(keys).all(...parameters), one: db.prepare(one), onBad }));
}

function* eachOf({
  keys,
  one,
  onBad,
}: {
  readonly keys: readonly StoredRow[];
  readonly one: StatementSync;
  readonly onBad: RowsBuilder<never>["onBad"];
}): Generator<StoredRow> {
  for (const row of keys) {
    const key = row["key"] as number;
    const read = evaluate(() => one.get(key));
    if (read.kind === "not_evaluated") onBad(key, read.reason);
    else if (read.value !== undefined) yield read.value;
  }
}
