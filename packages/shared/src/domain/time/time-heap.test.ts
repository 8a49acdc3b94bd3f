import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { popEarliest, pushTimed } from "./time-heap.ts";

test("whatever is pushed and popped in between, the first is the earliest there is", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: null })), (steps) => {
      const heap: { readonly at: number }[] = [];
      const model: number[] = [];
      for (const at of steps) {
        if (at === null) {
          popEarliest(heap);
          model.shift();
        } else {
          pushTimed(heap, { at });
          model.push(at);
          model.sort((left, right) => left - right);
        }
        expect(heap[0]?.at).toBe(model[0]);
        expect(heap).toHaveLength(model.length);
      }
    }),
  );
});
