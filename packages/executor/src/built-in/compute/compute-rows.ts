import type { Clock } from "@tickline/shared/ports/clock";
import type { Row } from "../rows/row.ts";
import { keepRows } from "../rows/row-sink.ts";
import { openSteps } from "../rows/steps.ts";
import type { ComputeStep } from "./compute-params.ts";
import { hasExpressions, openComputeStep } from "./expression-steps.ts";
import { readSource, type OpenedSource } from "./read-source.ts";
import { openSandbox } from "./sandbox.ts";
import { keepResult, writeResult, type Result, type Target } from "./write-result.ts";

/** What a thread is started with. Files are found and vetted already. */
export interface ComputeTask {
  readonly from: OpenedSource;
  readonly sources: Readonly<Record<string, OpenedSource>>;
  readonly steps: readonly ComputeStep[];
  readonly to: Target | null;
  readonly seed: number;
  readonly batchMsMax: number;
}

/** Reads, computes and writes. It holds up its thread. */
export async function computeRows(
  { from, sources, steps, to, seed, batchMsMax }: ComputeTask,
  clock: Pick<Clock, "monotonicMs">,
): Promise<Result> {
  const others: Record<string, readonly Row[]> = {};
  for (const [name, source] of Object.entries(sources)) {
    const kept = keepRows();
    await readSource(source, kept);
    others[name] = kept.rows;
  }
  const sandbox = hasExpressions(steps) ? await openSandbox({ clock, seed, batchMsMax }) : null;
  const result = to === null ? keepResult() : writeResult(to);
  const first = openSteps(steps, { to: result, sources: others, open: openComputeStep(sandbox) });
  await readSource(from, first);
  first.end();
  return result.result();
}
