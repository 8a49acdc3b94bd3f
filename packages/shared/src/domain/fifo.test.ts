import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createFifo } from "./fifo.ts";

/** Null: one is taken; a list: as many are taken as it has items, and the list is put back. */
const steps = fc.array(fc.oneof(fc.nat(), fc.constant(null), fc.array(fc.nat(), { maxLength: 5 })));

test("property: what is added first is taken first", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const fifo = createFifo<number>();
      const model: number[] = [];
      for (const step of all) {
        if (step === null) expect(fifo.shift()).toBe(model.shift());
        else if (typeof step === "number") {
          fifo.add(step);
          model.push(step);
        } else {
          expect(fifo.take(step.length)).toEqual(model.splice(0, step.length));
          fifo.putBack(step);
          model.unshift(...step);
        }
        expect({ size: fifo.size, first: fifo.first() }).toEqual({ size: model.length, first: model[0] });
      }
    }),
  );
});
