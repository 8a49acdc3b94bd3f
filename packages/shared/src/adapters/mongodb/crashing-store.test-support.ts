import type { DueRuns } from "../../ports/due-runs.ts";
import type { RunClaims } from "../../ports/run-claims.ts";
import type { RunControl } from "../../ports/run-control.ts";
import type { RunLeases } from "../../ports/run-leases.ts";
import { sha256 } from "../system/digest.ts";
import { systemEntropy } from "../system/entropy.ts";
import { type Collections, collectionsOf } from "./collections.ts";
import { connect } from "./connection.ts";
import type { StoreContext } from "./context.ts";
import { createDefinitions } from "./definitions.ts";
import { createDueRuns } from "./due-runs.ts";
import { createHeldClaims } from "./held-claims.ts";
import type { Rows } from "./rows.ts";
import { createRunClaims } from "./run-claims.ts";
import { createRunControl } from "./run-control.ts";
import { createRunLeases } from "./run-leases.ts";
import type { RunRow } from "./run-row.ts";

/** `before`: the process ends before it sends the statement. `after`: the server makes it, and the answer is lost. */
export type CrashMode = "before" | "after";

export class Crash extends Error {}

/** A process over the database that ends at a statement about runs. */
export interface CrashingStore {
  readonly claims: RunClaims;
  readonly control: RunControl;
  readonly dueRuns: DueRuns;
  readonly leases: RunLeases;
  /** It ends at the statement of this place, counted from 0 from now on. */
  crashAt(place: number, mode: CrashMode): void;
  close(): Promise<void>;
}

export async function openCrashingStore(url: string): Promise<CrashingStore> {
  const connection = await connect({ url });
  const rows = collectionsOf(connection);
  let left = Infinity;
  let mode: CrashMode = "before";
  const crashing =
    <Args extends readonly unknown[], Answer>(send: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      const crashes = left === 0;
      left -= 1;
      if (crashes && mode === "before") throw new Crash();
      const answer = await send(...args);
      if (crashes) throw new Crash();
      return answer;
    };
  const context = contextOf({ ...rows, runs: wrapped(rows.runs, crashing) });
  return {
    claims: createRunClaims(context),
    control: createRunControl(context),
    dueRuns: createDueRuns(context),
    leases: createRunLeases(context),
    crashAt(place, how) {
      left = place;
      mode = how;
    },
    close: () => connection.close(),
  };
}

type Wrap = <Args extends readonly unknown[], Answer>(send: (...args: Args) => Promise<Answer>) => (...args: Args) => Promise<Answer>;

const wrapped = (runs: Rows<RunRow>, wrap: Wrap): Rows<RunRow> => ({
  find: wrap(runs.find),
  insert: wrap(runs.insert),
  updateMany: wrap(runs.updateMany),
  updateAndRead: wrap(runs.updateAndRead),
  updateEach: wrap(runs.updateEach),
  put: wrap(runs.put),
  deleteMany: wrap(runs.deleteMany),
  deleteEach: wrap(runs.deleteEach),
  countBy: wrap(runs.countBy),
});

function contextOf(rows: Collections): StoreContext {
  const newToken = () => systemEntropy.newToken();
  return {
    rows,
    definitions: createDefinitions(rows, newToken),
    held: createHeldClaims(),
    digest: sha256,
    newToken,
    serverNow: () => Promise.reject(new Error("no test asks for it")),
    aside: (work) => void work.catch(() => {}),
    crashBeforeRuns: () => false,
  };
}
