import { storeContract } from "../../testing/contracts/store.contract.ts";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { memoryContext } from "./memory-rows.test-support.ts";
import { createPorts } from "./ports.ts";

/** What the adapter asks, over rows in memory that mean what MongoDB's filters and updates mean: without a server, and in a moment. */
storeContract("MongoDB store over rows in memory", () => {
  const clock = manualClock(START);
  return {
    async open() {
      const context = memoryContext(() => {}, clock.now);
      await context.rows.meta.insert([{ _id: "watermark", value: 0 }]);
      const asides = new Set<Promise<unknown>>();
      const ports = createPorts({ ...context, aside: (work) => void asides.add(work) });
      return { ...ports, hello: async () => ({ now: clock.now() }), close: async () => void (await Promise.all(asides)) };
    },
    leases: "clock",
    advance: clock.advance,
  };
});
