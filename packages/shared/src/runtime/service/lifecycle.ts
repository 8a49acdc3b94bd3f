import type { Service } from "./service.ts";

/**
 * Makes a service of two plain steps: they run one after another however they are called, `stop` only after a `start`,
 * and a `start` that fails is undone. So the steps need not think of being called twice, never or at once; `stop` must
 * bear that `start` came only half-way.
 */
export function createLifecycle(steps: Service): Service {
  let started = false;
  let last: Promise<unknown> = Promise.resolve();

  function afterLast(step: () => Promise<void>): Promise<void> {
    const done = last.then(step);
    last = done.catch(() => undefined); // Whoever called sees the fault; the next step does not depend on it.
    return done;
  }
  async function start(): Promise<void> {
    if (started) return;
    started = true;
    try {
      await steps.start();
    } catch (fault) {
      await stop();
      throw fault;
    }
  }
  async function stop(): Promise<void> {
    if (!started) return;
    started = false;
    await steps.stop();
  }
  return { start: () => afterLast(start), stop: () => afterLast(stop) };
}
