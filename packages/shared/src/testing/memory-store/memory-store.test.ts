import { sha256 } from "../../adapters/system/digest.ts";
import type { Store } from "../../ports/store/store.ts";
import type { UnreadableRow } from "../../ports/unreadable.ts";
import type { Harm } from "../contracts/store-subject.ts";
import { storeContract } from "../contracts/store.contract.ts";
import { START } from "../factories.ts";
import { manualClock } from "../manual-clock.ts";
import { memoryStoreOver } from "./memory-store.ts";
import { createMemoryState, type MemoryState, save, type StoredJob, type StoredRun } from "./state.ts";

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

function damage(state: MemoryState, { what, of }: Harm): boolean {
  const job = state.jobs.get(of) as StoredJob;
  const run = state.runs.get(of) as StoredRun;
  const damageRuns = (changes: Record<string, unknown>): void => {
    for (const each of [...state.runs.values()].filter(({ jobUid }) => jobUid === of))
      save(state, { ...each, definition: change(each.definition, changes) });
  };
  switch (what) {
    case "no definition":
      job.definitions.clear();
      damageRuns({ params: "gone" });
      return true;
    case "torn definition":
      job.job = change(job.job, { definition: change(job.job.definition, { schedule: "torn" }) });
      damageRuns({ schedule: "torn" });
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
      Object.assign(run, { state: "hovering" });
      return true;
    case "unknown cause":
      Object.assign(run, { cause: "hovering" });
      return true;
    case "torn counts":
      Object.assign(run, { failures: "torn" });
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
