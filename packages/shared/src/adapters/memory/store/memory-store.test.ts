import { sha256 } from "../../system/digest.ts";
import type { Store } from "../../../ports/store.ts";
import type { UnreadableRow } from "../../../ports/unreadable.ts";
import type { Harm } from "../../../testing/contracts/store-subject.ts";
import { storeContract } from "../../../testing/contracts/store.contract.ts";
import { START } from "../../../testing/factories.ts";
import { manualClock } from "../../../testing/manual-clock.ts";
import type { JobRow } from "./job-table.ts";
import { memoryStoreOver } from "./memory-store.ts";
import type { RunRow } from "./run-row.ts";
import { createMemoryState, type MemoryState } from "./state.ts";

storeContract("memory store", () => {
  const clock = manualClock(START);
  const unreadable: UnreadableRow[] = [];
  const states = new WeakMap<Store, MemoryState>();
  return {
    async open() {
      const state = createMemoryState({ clock, digest: sha256, onUnreadable: (row) => unreadable.push(row) });
      const store = memoryStoreOver(state, {});
      states.set(store, state);
      return store;
    },
    leases: "clock",
    advance: clock.advance,
    unreadable,
    damage: async (store, harm) => damage(states.get(store) as MemoryState, harm),
  };
});

const change = <Item extends object>(item: Item, changes: Record<string, unknown>): Item => ({ ...item, ...changes });

function damage({ jobs, runs }: MemoryState, { what, of }: Harm): boolean {
  const job = jobs.get(of) as JobRow;
  const run = runs.get(of) as RunRow;
  switch (what) {
    case "no definition":
      job.definitions.clear();
      for (const { origin } of runs.ofJob.ascending(of))
        Object.assign(origin, { definition: change(origin.definition, { params: "gone" }) });
      return true;
    case "torn definition":
      job.job = change(job.job, { definition: change(job.job.definition, { schedule: "torn" }) });
      for (const { origin } of runs.ofJob.ascending(of)) Object.assign(origin, { definition: job.job.definition });
      return true;
    case "torn misfires":
      job.job = change(job.job, { misfires: "torn" });
      return true;
    case "torn last run":
      job.job = change(job.job, { lastRun: "torn" });
      return true;
    case "unknown job state":
      job.job = change(job.job, { state: "hovering" });
      return true;
    case "unknown run state":
      runs.save(Object.assign(run, { state: "hovering" }));
      return true;
    case "torn counts":
      runs.save(Object.assign(run, { failures: "torn" }));
      return true;
    case "torn slot": // Nothing of these is read from anywhere.
    case "torn age":
    case "torn attempt":
    case "torn wait":
    case "torn names":
    case "torn output": // It is no text here.
    case "torn history":
    case "torn pending":
    case "torn event":
    case "torn handler":
      return false;
  }
}
