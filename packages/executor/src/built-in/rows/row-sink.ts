import type { Row } from "./row.ts";

/** Where rows go, one by one. */
export interface RowSink {
  push(row: Row): void;
  /** No more rows come. */
  end(): void;
  /** No more rows are needed: what is pushed still is ignored. */
  readonly full: boolean;
}

/** A sink that keeps all rows. */
export function keepRows(): RowSink & { readonly rows: Row[] } {
  const rows: Row[] = [];
  return { rows, full: false, push: (row) => void rows.push(row), end() {} };
}

/** What a step is told, besides its own definition. */
export interface StepContext {
  /** The step as messages name it: `step 2 (group)`. */
  readonly where: string;
  /** Rows of the sources that steps may name. */
  readonly sources: RowSources;
}

export type RowSources = Readonly<Record<string, readonly Row[]>>;
