import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { handlersChanged } from "@tickline/shared/events/control-event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import type { HandlerDescription } from "@tickline/shared/ports/store/handler-registry";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ExecutorContext } from "../executor-context.ts";
import { toParamsSchema } from "./params-schema.ts";

export type PublicationContext = Pick<ExecutorContext, "handlers" | "handlersRegistry" | "bus" | "clock" | "entropy" | "log" | "config">;

/**
 * Publishes the descriptions of this executor's handlers to the registry, again and again. `start` resolves after the first try. A loop of its own
 * publishes one hint on the bus, so that neither the registry nor the start waits for the bus.
 */
export function createHandlerPublication(context: PublicationContext): Service {
  const { handlers, handlersRegistry, bus, clock, entropy, log, config } = context;
  const described = [...handlers.values()].map((handler) => ({
    type: handler.type,
    description: handler.description,
    paramsSchema: toParamsSchema(handler),
  }));
  const tried = Promise.withResolvers<void>();

  async function publish(): Promise<number> {
    try {
      const lastSeenAt = clock.now();
      await handlersRegistry.publish(described.map((handler): HandlerDescription => ({ ...handler, lastSeenAt })));
      await hintLoop.start(); // After the registry: who receives the hint reads the registry.
      return config.registryMs;
    } finally {
      tried.resolve();
    }
  }
  async function hint(): Promise<null> {
    const envelope = { id: entropy.newId(), time: clock.now(), source: "tickline/executor", tenantId: DEFAULT_TENANT } as const;
    await bus.publish(CONTROL_TOPIC, [handlersChanged([...handlers.keys()], envelope)]);
    return null;
  }
  const loop = createLoop({ name: "handler-publication", clock, log, runOnce: publish });
  const hintLoop = createLoop({ name: "handler-hint", clock, log, runOnce: hint });
  return {
    async start() {
      await loop.start();
      await tried.promise;
    },
    async stop() {
      await loop.stop();
      await hintLoop.stop();
    },
  };
}
