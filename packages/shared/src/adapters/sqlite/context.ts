import type { DatabaseSync } from "node:sqlite";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import type { Definitions } from "./jobs/definitions.ts";
import type { Meta } from "./meta.ts";
import type { Overlap } from "./runs/overlap.ts";
import type { RunRows } from "./runs/run-rows.ts";

/** The state that the ports of one store share in its thread. */
export interface StoreContext {
  readonly db: DatabaseSync;
  readonly meta: Meta;
  readonly definitions: Definitions;
  readonly runs: RunRows;
  readonly overlap: Overlap;
  readonly onUnreadable: OnUnreadable;
}

/** A port whose calls are answered at once, as in the thread of the store. */
export type Answering<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...values: infer Values) => Promise<infer Answer>
    ? (...values: Values) => Answer
    : never;
};
