import type { Effect } from "../recorder/effect.ts";
import type { Grid } from "./grid.ts";

/** A definition as it was sent, as far as it decides what must be seen. */
export interface Plan {
  /** Stands in the params, and so in every effect of a run that used this definition. */
  readonly mark: string;
  readonly grid: Grid;
  readonly overlap: "allow" | "skip" | "buffer_one" | "buffer_all" | "cancel_running";
  readonly onUncertain: "rerun" | "skip";
}

/** Between these two moments a write took effect: from before it was first sent until it was known to stand. */
export interface Moment {
  readonly from: number;
  readonly to: number;
}

/** A write that is known to stand: answered 2xx, or found to be there after its answer was lost. */
export type Write = Moment & { readonly jobId: string } & (
    | { readonly kind: "create" | "edit"; readonly plan: Plan; readonly version: number }
    | { readonly kind: "pause" | "resume"; readonly version: number }
    | { readonly kind: "delete" }
  );

/** One *trigger now*. `runId` null: its answer was lost, so there may be one more run, or not. */
export interface Trigger extends Moment {
  readonly jobId: string;
  readonly runId: string | null;
  /** Of the params that were sent along; null: the job's own. */
  readonly mark: string | null;
}

/** What a client was shown, one after another. */
export type Sighting =
  | {
      readonly of: "job";
      readonly jobId: string;
      /** Tells apart jobs that had one id after another. */
      readonly createdAt: string;
      readonly status: string;
      readonly lastRun: { readonly id: string; readonly scheduledFor: string; readonly state: string } | null;
    }
  | { readonly of: "run"; readonly runId: string; readonly attempt: number; readonly state: string };

/** A run as `GET /runs` shows it. */
export interface RunRow {
  readonly id: string;
  readonly jobId: string;
  readonly cause: string;
  readonly scheduledFor: number;
  readonly scheduledForLast: number | null;
  readonly count: number;
  readonly state: string;
  readonly reason: string | null;
  readonly attempt: number;
}

/** A job as `GET /jobs/:id` shows it at the end. */
export interface FinalJob {
  readonly id: string;
  readonly state: string;
  readonly status: string;
  readonly version: number;
  readonly mark: string;
  readonly createdAt: number;
  readonly lastRun: { readonly id: string; readonly state: string } | null;
}

/** All that is known of a run of the product, each part from where it cannot be embellished. */
export interface History {
  /** In the order they were made; those of one job never overlap. */
  readonly writes: readonly Write[];
  readonly triggers: readonly Trigger[];
  readonly effects: readonly Effect[];
  readonly sightings: readonly Sighting[];
  /** All runs at the end. Rows claim; only effects prove. */
  readonly rows: readonly RunRow[];
  readonly jobs: readonly FinalJob[];
  /** Instants up to here must be accounted for: when the drain began. */
  readonly horizonAt: number;
}

/** What was promised and not kept. */
export interface Violation {
  readonly invariant: "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I8" | "I10" | "I11" | "G4" | "G11" | "G12";
  readonly message: string;
}

export const violation = (invariant: Violation["invariant"], message: string): Violation => ({ invariant, message });

/** An instant as people and logs write it. */
export const show = (instant: number): string => (Number.isFinite(instant) ? new Date(instant).toISOString() : String(instant));

const ENDED = ["succeeded", "failed", "cancelled", "lost", "skipped", "missed"];
export const isEnded = (state: string): boolean => ENDED.includes(state);
