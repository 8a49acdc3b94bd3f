import type { BenchOptions } from "./options.ts";

/** One question: answered by tables that stand on their own. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  /** What has to be there first, and is not; null: it can run. */
  missing?(): Promise<string | null>;
  run(options: BenchOptions, progress: Progress): Promise<string>;
}

/** Tells a person that something is still going on. Not part of the result. */
export type Progress = (line: string) => void;

/** One competitor in a table. */
export interface Side<Result> {
  readonly name: string;
  measure(): Promise<Result>;
}

export interface SideResults<Result> {
  readonly name: string;
  readonly results: readonly Result[];
}

/** Every side `runs` times, one process after another, in turning order: no side always runs on the warmer machine. */
export async function alternate<Result>(
  sides: readonly Side<Result>[],
  { runs, progress }: { readonly runs: number; readonly progress: Progress },
): Promise<readonly SideResults<Result>[]> {
  const results = new Map<Side<Result>, Result[]>(sides.map((side) => [side, []]));
  for (let run = 0; run < runs; run += 1) {
    const order = run % 2 === 0 ? sides : [...sides].reverse();
    for (const side of order) {
      const result = await side.measure();
      results.get(side)?.push(result);
      progress(`${side.name}, run ${run + 1} of ${runs}: ${JSON.stringify(result)}`);
    }
  }
  return sides.map((side) => ({ name: side.name, results: results.get(side) ?? [] }));
}
