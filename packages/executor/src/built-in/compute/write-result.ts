import { closeSync, constants, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { stringify } from "csv-stringify/sync";
import { OUTPUT_BYTES_MAX } from "@tickline/shared/domain/run/settlement";
import { FileFault, systemCode } from "../files/file-fault.ts";
import type { Row } from "../rows/row.ts";
import type { RowSink } from "../rows/row-sink.ts";
import { RowsFault } from "../rows/rows-fault.ts";
import { ComputeFault } from "./compute-fault.ts";
import type { Format } from "./compute-params.ts";

/** Rows of the output, in bytes of JSON: the rest of the 64 KiB is for what else the output says. */
export const INLINE_BYTES_MAX = OUTPUT_BYTES_MAX - 4_096;
/** Rows that are written at once. */
const WRITE_ROWS_MAX = 1_000;
/** Largest file that a job may write, in bytes. */
const FILE_BYTES_MAX = 4_294_967_296;

export interface Result {
  readonly count: number;
  readonly rows?: readonly Row[];
  readonly file?: string;
  readonly bytes?: number;
}

export interface ResultSink extends RowSink {
  result(): Result;
}

export interface Target {
  readonly file: string;
  readonly path: string;
  /** Written first, and renamed when it is complete: nobody reads half a file. */
  readonly partPath: string;
  readonly format: Format;
}

/** Rows of the output. Without a file, they have to fit. */
export function keepResult(): ResultSink {
  const rows: Row[] = [];
  let bytes = 2;
  return {
    full: false,
    push(row) {
      bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
      if (bytes > INLINE_BYTES_MAX)
        throw new ComputeFault(
          "compute_output",
          `the result has more than ${INLINE_BYTES_MAX} bytes, of ${rows.length + 1} rows or more; write it to a file with "to"`,
        );
      rows.push(row);
    },
    end() {},
    result: () => ({ count: rows.length, rows }),
  };
}

export function writeResult({ file, path, partPath, format }: Target): ResultSink {
  const write = openPart(partPath, file);
  const toText = format === "csv" ? csvText() : format === "ndjson" ? linesText : listText();
  let batch: Row[] = [];
  let count = 0;
  function flush(): void {
    count += batch.length;
    if (batch.length > 0) write.text(toText(batch));
    batch = [];
  }
  return {
    full: false,
    push(row) {
      if (batch.push(row) >= WRITE_ROWS_MAX) flush();
    },
    end() {
      flush();
      if (format === "json") write.text(count === 0 ? "[]\n" : "\n]\n");
      write.finish(path);
    },
    result: () => ({ count, file, bytes: write.bytes() }),
  };
}

function openPart(partPath: string, file: string) {
  let bytes = 0;
  const attempt = <Value>(act: () => Value): Value => {
    try {
      return act();
    } catch (fault) {
      if (fault instanceof Error && "syscall" in fault)
        throw new FileFault("file_unusable", `the file "${file}" cannot be written (${systemCode(fault)})`);
      throw fault;
    }
  };
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);
  const descriptor = attempt(() => openSync(partPath, flags, 0o666));
  return {
    bytes: () => bytes,
    text(text: string): void {
      const data = Buffer.from(text);
      bytes += data.length;
      if (bytes > FILE_BYTES_MAX)
        throw new ComputeFault("compute_output", `the file "${file}" would have more than ${FILE_BYTES_MAX} bytes`);
      for (let at = 0; at < data.length;) at += attempt(() => writeSync(descriptor, data, at));
    },
    finish(path: string): void {
      attempt(() => {
        fsyncSync(descriptor);
        closeSync(descriptor);
        renameSync(partPath, path);
      });
    },
  };
}

const linesText = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

function listText(): (rows: readonly Row[]) => string {
  let separator = "[\n";
  return (rows) => {
    const text = separator + rows.map((row) => JSON.stringify(row)).join(",\n");
    separator = ",\n";
    return text;
  };
}

/** The columns are those of the first row. Lists and objects are written as JSON, null as an empty cell. */
function csvText(): (rows: readonly Row[]) => string {
  let columns: readonly string[] | null = null;
  return (rows) => {
    const header = columns === null;
    const names = (columns ??= Object.keys(rows[0] ?? {}));
    const records = rows.map((row) => {
      const other = Object.keys(row).find((name) => !names.includes(name));
      if (other !== undefined)
        throw new RowsFault(
          `a row has the column "${other}", which the first row has not; CSV needs the same columns: use "select" as the last step`,
        );
      return names.map((name) => toCell(Object.hasOwn(row, name) ? row[name] : null));
    });
    return stringify(header ? [[...names], ...records] : records);
  };
}

const toCell = (value: unknown): string | number => {
  if (typeof value === "string" || typeof value === "number") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
};
