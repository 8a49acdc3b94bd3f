import { setTimeout as wait } from "node:timers/promises";
import { createCalls, type Calls } from "./calls.ts";
import type { Endings } from "./endings.ts";
import { startProduct, type ProductOptions, type ProductProcess } from "./product-process.ts";

/** A product that is up, and a client that expects answers of it. */
export interface RunningProduct extends ProductProcess, Calls {
  readonly address: string;
  /** SIGTERM; resolves with the exit code. */
  end(): Promise<number | null>;
}

export async function runProduct(endings: Endings, options: ProductOptions): Promise<RunningProduct> {
  const product = startProduct(options);
  endings.add(() => (product.running ? product.kill() : undefined));
  const address = await product.url;
  return Object.assign(product, {
    address,
    ...createCalls(address),
    async end() {
      product.signal("SIGTERM");
      return (await product.exited).code;
    },
  });
}

/** Asks until the answer is there, for as long as a test may last; throws with the last thing it saw. */
export async function eventually<Answer>(ask: () => Promise<Answer | null> | Answer | null, withinMs = 20_000): Promise<Answer> {
  const until = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > until) throw new Error(`it did not come to pass within ${withinMs} ms: ${ask.toString()}`);
    await wait(25);
  }
}
