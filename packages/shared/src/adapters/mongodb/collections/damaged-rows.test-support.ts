import type { Harm } from "../../../testing/contracts/store-subject.ts";

/** Damage, as a direct write to the database: the fields to set in the rows whose `field` is `of`. `set` null: the rows are removed. */
export interface HarmfulWrite {
  readonly collection: "jobs" | "definitions" | "runs" | "handlers";
  readonly field: "_id" | "jobUid";
  readonly of: string;
  /** By path, as `$set` takes it. */
  readonly set: Readonly<Record<string, unknown>> | null;
}

export function harmfulWrite({ what, of }: Harm): HarmfulWrite {
  const on = (collection: HarmfulWrite["collection"], set: HarmfulWrite["set"]): HarmfulWrite => ({ collection, field: "_id", of, set });
  switch (what) {
    case "no definition":
      return { collection: "definitions", field: "jobUid", of, set: null };
    case "torn definition":
      return { collection: "definitions", field: "jobUid", of, set: { "definition.params": "{" } };
    case "torn misfires":
      return on("jobs", { misfires: "{" });
    case "torn last run":
      return on("jobs", { lastRun: { runId: 7 } });
    case "torn pending":
      return on("jobs", { pending: "torn" });
    case "torn slot":
      return on("jobs", { slot: "torn" });
    case "torn age":
      return on("jobs", { createdAt: "torn" });
    case "unknown job state":
      return on("jobs", { state: "hovering" });
    case "torn output":
      return on("runs", { output: "{" });
    case "torn history":
      return on("runs", { attempts: "torn" });
    case "unknown run state":
      return on("runs", { state: "hovering" });
    case "unknown cause":
      return on("runs", { cause: "hovering" });
    case "torn attempt":
      return on("runs", { attempt: "torn" });
    case "torn wait":
      return on("runs", { wakeAt: null });
    case "torn counts":
      return on("runs", { failures: "torn" });
    case "torn names":
      return on("runs", { jobUid: { torn: true }, definitionHash: null });
    case "torn event":
      return on("jobs", { "outbox.0.data": null });
    case "torn handler":
      return on("handlers", { paramsSchema: "{" });
  }
}

/** A row with this set in it. */
export function withSet<Row extends object>(row: Row, set: Readonly<Record<string, unknown>>): Row {
  const next = structuredClone(row) as Record<string, unknown>;
  for (const [path, value] of Object.entries(set)) {
    const steps = path.split(".");
    const last = steps.pop() as string;
    const place = steps.reduce((at, step) => at[step] as Record<string, unknown>, next);
    place[last] = value;
  }
  return next as Row;
}
