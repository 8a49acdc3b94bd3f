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

/** A process over the database that can be interrupted at each statement about runs. */
export interface InterruptedStore {
  readonly claims: RunClaims;
  readonly control: RunControl;
  readonly dueRuns: DueRuns;
  readonly leases: RunLeases;
  /** What happens at the statement of this place, counted from 0 from now on: before it is sent, or after the server has made it. */
  interruptAt(place: number, interruption: Interruption): void;
  /** True when the statement came. Nothing is interrupted after it. */
  goOn(): boolean;
  close(): Promise<void>;
}

export interface Interruption {
  readonly when: "before" | "after";
  readonly act: () => Promise<unknown>;
}

export async function openInterruptedStore(url: string): Promise<InterruptedStore> {
  const connection = await connect({ url });
  const rows = collectionsOf(connection);
  let left = Infinity;
  let interruption: Interruption | null = null;
  const interrupted =
    <Args extends readonly unknown[], Answer>(send: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      const { when, act } = left === 0 && interruption !== null ? interruption : { when: "never", act: async () => {} };
      left -= 1;
      if (when === "before") await act();
      const answer = await send(...args);
      if (when === "after") await act();
      return answer;
    };
  const context = contextOf({ ...rows, runs: wrapped(rows.runs, interrupted) });
  return {
    claims: createRunClaims(context),
    control: createRunControl(context),
    dueRuns: createDueRuns(context),
    leases: createRunLeases(context),
    interruptAt(place, what) {
      left = place;
      interruption = what;
    },
    goOn() {
      const came = interruption !== null && left < 0;
      left = Infinity;
      interruption = null;
      return came;
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
    onUnreadable: () => {},
    crashBeforeRuns: () => false,
  };
}
