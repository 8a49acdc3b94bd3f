import type { Store } from "../../../ports/store/store.ts";
import { START } from "../../../testing/factories.ts";
import { createHeldClaims } from "../../../runtime/held-claims.ts";
import { memoryContext } from "../collections/memory-rows.test-support.ts";
import { createPorts } from "../ports.ts";
import type { Rows } from "../collections/rows.ts";
import type { RunRow } from "../runs/run-row.ts";

/** What happens at a statement: before it is sent, or after the server has made it. */
export interface Interruption {
  readonly when: "before" | "after";
  readonly act: () => Promise<unknown>;
}

/** Two processes over the same rows. */
export interface TwoStores {
  readonly store: Store;
  /** The other one, which can be interrupted at each statement about runs. */
  readonly other: Store;
  /** Interrupts the statement with this number of those that `other` sends from now on, counted from 0. */
  interruptAt(place: number, interruption: Interruption): void;
  /** Interrupts nothing any more. True when the statement was reached. */
  goOn(): boolean;
  /** All runs, as stored. */
  rows(): RunRow[];
}

/** Over rows in memory with the semantics of MongoDB: each statement is atomic, and nothing else is. */
export function twoStores(serverNow?: () => number): TwoStores {
  const context = memoryContext(undefined, serverNow && { serverNow });
  const { runs } = context.rows;
  let left = Infinity;
  let interruption: Interruption | null = null;
  const interrupted =
    <Args extends readonly unknown[], Answer>(send: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      const { when, act } = left === 0 && interruption !== null ? interruption : NOTHING;
      left -= 1;
      if (when === "before") await act();
      const answer = await send(...args);
      if (when === "after") await act();
      return answer;
    };
  return {
    store: createStore(context),
    other: createStore({ ...context, held: createHeldClaims(), rows: { ...context.rows, runs: wrapped(runs, interrupted) } }),
    interruptAt(place, what) {
      left = place;
      interruption = what;
    },
    goOn() {
      const came = left < 0;
      left = Infinity;
      interruption = null;
      return came;
    },
    rows: () => runs.all(),
  };
}

const NOTHING = { when: "never", act: async () => {} };

const createStore = (context: Parameters<typeof createPorts>[0]): Store => ({
  ...createPorts(context),
  ping: async () => ({ now: START }),
  close: async () => {},
});

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
