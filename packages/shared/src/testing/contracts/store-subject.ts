import { describe, test } from "@jest/globals";
import type { Instant } from "../../domain/time/instant.ts";
import type { Store } from "../../ports/store/store.ts";
import type { UnreadableRow } from "../../ports/unreadable.ts";

/**
 * Damage to stored rows from outside, as by a bad disk, a manual edit, a partial backup or a newer version.
 * `no definition`, `torn definition`, `torn misfires`, `torn last run`, `torn pending`, `torn slot`, `torn age` (when it was made),
 * `unknown job state`: of a job, by uid.
 * `torn output`, `torn history`, `unknown run state`, `unknown cause`, `torn attempt`, `torn wait` (when it has to be woken), `torn counts` (of failures and
 * rescues), `torn names` (its job and definition): of a run, by id. `torn event`: of a job's outbox, by uid.
 * `torn handler`: by type.
 */
export interface Harm {
  readonly what:
    | "no definition"
    | "torn definition"
    | "torn misfires"
    | "torn last run"
    | "torn pending"
    | "torn slot"
    | "torn age"
    | "unknown job state"
    | "torn output"
    | "torn history"
    | "unknown run state"
    | "unknown cause"
    | "torn attempt"
    | "torn wait"
    | "torn counts"
    | "torn names"
    | "torn event"
    | "torn handler";
  /** Uid of a job, id of a run, type of a handler. */
  readonly of: string;
}

/** A kind of store under test: how to make a fresh one, and what a test can do to it from outside. */
export interface StoreSubject {
  /** A fresh, empty store. */
  open(): Promise<Store>;
  /** Closes the store and opens the same data again, like a restart. For durable stores only. */
  reopen?(store: Store): Promise<Store>;
  /** `clock`: a lease ends when its time is over. `incarnation`: when the process that held it has ended, detected by `reopen`. */
  readonly leases: "clock" | "incarnation";
  /** Moves the store's own time forward. Stores whose time a test can move. */
  advance?(ms: number): void;
  /** Damages a row. False: rows of this store cannot be damaged in this way. */
  damage(store: Store, harm: Harm): Promise<boolean>;
  /** The rows that the stores reported as unreadable. */
  readonly unreadable: readonly UnreadableRow[];
  /** Removes what the stores left behind. Called once, after all tests. */
  dispose?(): Promise<void>;
}

export interface StoreContext {
  readonly subject: StoreSubject;
  readonly store: Store;
  /** The same data after a restart. Only if `subject.reopen` exists. */
  reopen(): Promise<Store>;
  /** Ends every lease that is held at `now`, by time or by restart. */
  endLeases(lease: { readonly now: Instant; readonly leaseMs: number }): Promise<{ readonly store: Store; readonly now: Instant }>;
}

/** Facts about every store, by sentence. Each has a fresh store of its own. */
export type StoreFacts = Readonly<Record<string, (context: StoreContext) => Promise<void>>>;

export type StoreContract = (subject: StoreSubject) => void;

/** Makes a suite from the facts of one port, for any store. */
export const defineContract =
  (port: string, facts: StoreFacts): StoreContract =>
  (subject) =>
    describe(port, () => {
      for (const [fact, prove] of Object.entries(facts)) test(fact, () => withStore(subject, prove));
    });

async function withStore(subject: StoreSubject, prove: StoreFacts[string]): Promise<void> {
  const store = await subject.open();
  let current = store;
  const reopen = async (): Promise<Store> => {
    if (subject.reopen === undefined) throw new Error("this store does not survive a restart");
    return (current = await subject.reopen(current));
  };
  try {
    await prove({
      subject,
      store,
      reopen,
      endLeases: async ({ now, leaseMs }) =>
        subject.leases === "clock" ? { store: current, now: now + leaseMs } : { store: await reopen(), now },
    });
  } finally {
    await current.close();
  }
}
