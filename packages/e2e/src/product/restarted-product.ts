import type { Calls } from "./calls.ts";
import type { Endings } from "./endings.ts";
import type { ProductOptions } from "./product-process.ts";
import { eventually, runProduct, type RunningProduct } from "./running-product.ts";

/** How one process ended. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to standard error; the last of it may be read a moment after the end. */
  readonly stderr: string;
}

/** A product that is started again whenever it ends by itself: what an orchestrator does. */
export interface RestartedProduct extends Pick<Calls, "listRuns"> {
  /** Ends that the test did not cause. */
  readonly deaths: readonly Death[];
  /** The present process, once it is up. */
  current(): Promise<RunningProduct>;
  /** SIGTERM to the present process; no other one is started. Resolves with how it ended. */
  end(): Promise<Death>;
}

export function restartProduct(endings: Endings, options: ProductOptions): RestartedProduct {
  const deaths: Death[] = [];
  let wanted = true;
  let current = start();

  async function start(): Promise<RunningProduct> {
    const product = await runProduct(endings, options);
    void product.exited.then((how) => {
      if (!wanted) return;
      deaths.push(toDeath(product, how));
      current = start();
      current.catch(() => undefined); // The next code that awaits it receives the fault.
    });
    return product;
  }
  endings.add(() => void (wanted = false));
  return {
    deaths,
    current: () => current,
    /** Asks again when the process ends before it has answered. */
    listRuns: (jobId) => eventually(async () => (await current).listRuns(jobId).catch(() => null), 60_000),
    async end() {
      wanted = false;
      const product = await current;
      product.signal("SIGTERM");
      return toDeath(product, await product.exited);
    },
  };
}

const toDeath = (product: RunningProduct, { code, signal }: Pick<Death, "code" | "signal">): Death => ({
  code,
  signal,
  get stderr() {
    return product.stderr();
  },
});
