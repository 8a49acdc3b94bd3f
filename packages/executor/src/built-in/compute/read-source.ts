import { constants, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import type { JsonValue } from "@tickline/shared/domain/json/json";
import { FileFault, systemCode } from "../files/file-fault.ts";
import { isColumnName, type NewRow, type Row } from "../rows/row.ts";
import type { RowSink } from "../rows/row-sink.ts";
import { excerpt, RowsFault } from "../rows/rows-fault.ts";
import type { Format } from "./compute-params.ts";

/** A source whose file was found and vetted. */
export type OpenedSource =
  | { readonly rows: readonly Row[] }
  | { readonly range: number }
  | { readonly file: string; readonly path: string; readonly format: Format; readonly text: readonly string[] };

/** Longest record of a CSV file, in characters. */
const RECORD_LENGTH_MAX = 16_777_216;
/** Largest JSON file that is not one object a line, in bytes: it is read at once. */
const JSON_BYTES_MAX = 268_435_456;

/** Pushes the rows of a source until there are no more, or no more are needed. Does not end the sink. */
export async function readSource(source: OpenedSource, to: RowSink): Promise<void> {
  if ("rows" in source) return pushAll(source.rows, to);
  if ("range" in source) {
    for (let n = 0; n < source.range && !to.full; n += 1) to.push({ n });
    return;
  }
  const stream = await openFile(source);
  try {
    if (source.format === "csv") await readCsv(stream, source, to);
    else if (source.format === "ndjson") await readLines(stream, source, to);
    else pushAll(await readJson(stream, source), to);
  } catch (fault) {
    if (fault instanceof Error && "syscall" in fault)
      throw new FileFault("file_unusable", `the file "${source.file}": ${systemCode(fault)}`);
    throw fault;
  } finally {
    stream.destroy();
  }
}

type FileSource = Extract<OpenedSource, { readonly file: string }>;

async function openFile({ path, file }: FileSource): Promise<ReadStream> {
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    return handle.createReadStream({ highWaterMark: 1_048_576 });
  } catch (fault) {
    throw new FileFault("file_unusable", `the file "${file}" cannot be opened (${systemCode(fault)})`);
  }
}

function pushAll(rows: readonly Row[], to: RowSink): void {
  for (const row of rows) {
    if (to.full) return;
    to.push(row);
  }
}

/** The first line names the columns. A cell that reads as a number is one; an empty cell is null. */
function readCsv(stream: ReadStream, { file, text }: FileSource, to: RowSink): Promise<void> {
  const parser = parse({ bom: true, max_record_size: RECORD_LENGTH_MAX, skip_empty_lines: true, info: false });
  const texts = new Set(text);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let columns: readonly Column[] | null = null;
  function take(): void {
    for (let cells = parser.read() as string[] | null; cells !== null; cells = parser.read() as string[] | null) {
      if (to.full) return resolve();
      if (columns === null) columns = toColumns(cells, { file, texts });
      else to.push(toRow(cells, columns));
    }
  }
  parser.on("readable", () => {
    try {
      take();
    } catch (fault) {
      reject(fault);
    }
  });
  parser.on("error", (fault) => reject(new RowsFault(`the file "${file}" is no CSV: ${fault.message}`)));
  parser.on("end", resolve);
  stream.on("error", reject);
  stream.pipe(parser);
  return promise.finally(() => parser.destroy());
}

interface Column {
  readonly name: string;
  readonly isText: boolean;
}

function toColumns(names: readonly string[], { file, texts }: { readonly file: string; readonly texts: ReadonlySet<string> }): Column[] {
  const bad = names.findIndex((name, at) => name === "" || !isColumnName(name) || names.indexOf(name) !== at);
  if (bad >= 0)
    throw new RowsFault(`the file "${file}": column ${bad + 1} is named ${excerpt(names[bad])}; each column needs a name of its own`);
  const none = [...texts].find((name) => !names.includes(name));
  if (none !== undefined)
    throw new RowsFault(`the file "${file}" has no column "${none}"; the columns are ${names.map((name) => `"${name}"`).join(", ")}`);
  return names.map((name) => ({ name, isText: texts.has(name) }));
}

function toRow(cells: readonly string[], columns: readonly Column[]): Row {
  const row: NewRow = {};
  for (let at = 0; at < columns.length; at += 1) {
    const { name, isText } = columns[at] as Column;
    row[name] = toValue(cells[at] ?? "", isText);
  }
  return row;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** "007" and whole numbers beyond 2^53 stay text, because a number would lose digits. */
function toValue(cell: string, isText: boolean): JsonValue {
  if (cell === "") return null;
  const first = cell.charCodeAt(0);
  if (isText || first > 57 || (first < 48 && first !== 45) || !NUMBER.test(cell)) return cell;
  const number = Number(cell);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : cell;
}

async function readLines(stream: ReadStream, { file }: FileSource, to: RowSink): Promise<void> {
  let lineNumber = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    lineNumber += 1;
    if (to.full) return;
    if (line.trim() !== "") to.push(toObject(parseJson(line, `line ${lineNumber} of "${file}"`), `line ${lineNumber} of "${file}"`));
  }
}

async function readJson(stream: ReadStream, { file }: FileSource): Promise<readonly Row[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((bytes += chunk.length) > JSON_BYTES_MAX)
      throw new RowsFault(`the file "${file}" has more than ${JSON_BYTES_MAX} bytes; write it as NDJSON, one object a line`);
  }
  const value = parseJson(Buffer.concat(chunks).toString("utf8"), `the file "${file}"`);
  if (!Array.isArray(value)) throw new RowsFault(`the file "${file}" must have a JSON list of objects`);
  return value.map((item: unknown, at) => toObject(item, `item ${at + 1} of "${file}"`));
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (fault) {
    throw new RowsFault(`${what} is no JSON: ${(fault as Error).message}`);
  }
}

function toObject(value: unknown, what: string): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RowsFault(`${what} is no object, but ${excerpt(value)}`);
  if (Object.hasOwn(value, "__proto__")) throw new RowsFault(`${what} has a column named __proto__, which no row may have`);
  return value as Row;
}
