import { cancelRequested } from "@tickline/shared/events/control-event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { MINUTE } from "@tickline/shared/testing/factories";
import { heldHandler, setup, turns, type SetupOptions } from "../executor.test-support.ts";

/** One run whose handler is running. */
export async function running(
  options: SetupOptions & { readonly obeying?: boolean; readonly timeoutMs?: number; readonly onUncertain?: "skip" } = {},
) {
  const held = heldHandler();
  const world = await setup({ run: options.obeying === true ? held.runObeying : held.run, ...options });
  await world.executor.start();
  const { timeoutMs = 60 * MINUTE, onUncertain = "rerun" } = options;
  const runs = await world.due(1, { definition: { timeoutMs, onUncertain } });
  const run = runs[0]!;
  await world.publish(runs);
  await world.until(() => held.calls.length === 1);
  const { signal } = held.calls[0]!;
  const cancel = async (hint: boolean, tenantId = run.tenantId): Promise<void> => {
    await world.store.control.cancel(run.tenantId, { runId: run.runId, now: world.clock.now() });
    const context = { id: "hint", time: 0, source: "tickline/api", tenantId } as const;
    if (hint) await world.bus.publish(CONTROL_TOPIC, [cancelRequested(run.runId, context)]);
    await turns();
  };
  const ended = () => world.state(run);
  return { ...world, held, run, signal, cancel, ended };
}
