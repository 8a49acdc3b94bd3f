import type { Store } from "../../ports/store/store.ts";
import type { UnreadableRow } from "../../ports/unreadable.ts";
import type { Harm } from "../../testing/contracts/store-subject.ts";
import { storeContract } from "../../testing/contracts/store.contract.ts";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { harmfulWrite, withSet } from "./collections/damaged-rows.test-support.ts";
import { memoryContext, type MemoryContext, type MemoryRows } from "./collections/memory-rows.test-support.ts";
import { createPorts } from "./ports.ts";

/** What the adapter asks, over rows in memory that mean what MongoDB's filters and updates mean: without a server, and in a moment. */
storeContract("MongoDB store over rows in memory", () => {
  const clock = manualClock(START);
  const unreadable: UnreadableRow[] = [];
  const contexts = new WeakMap<Store, MemoryContext>();
  return {
    async open() {
      const context = memoryContext(() => {}, { serverNow: clock.now, onUnreadable: (row) => unreadable.push(row) });
      await context.rows.meta.insert([{ _id: "watermark", value: 0 }]);
      const asides = new Set<Promise<unknown>>();
      const ports = createPorts({ ...context, aside: (work) => void asides.add(work) });
      const store = { ...ports, ping: async () => ({ now: clock.now() }), close: async () => void (await Promise.all(asides)) };
      contexts.set(store, context);
      return store;
    },
    leases: "clock",
    advance: clock.advance,
    unreadable,
    damage: (store, harm) => damage(contexts.get(store) as MemoryContext, harm),
  };
});

async function damage({ rows }: MemoryContext, harm: Harm): Promise<boolean> {
  const { collection, field, of, set } = harmfulWrite(harm);
  const damaged = rows[collection] as unknown as MemoryRows<{ readonly _id: string }>;
  if (set === null) await damaged.deleteMany({ [field]: { $eq: of } });
  else
    await damaged.put(
      damaged
        .all()
        .filter((row) => (row as Readonly<Record<string, unknown>>)[field] === of)
        .map((row) => withSet(row, set)),
    );
  return true;
}
