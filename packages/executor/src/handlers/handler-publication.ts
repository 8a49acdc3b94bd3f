import { z } from "zod";
import { AppError } from "@tickline/shared/domain/app-error";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job";
import type { JsonObject } from "@tickline/shared/domain/json";
import { handlersChanged } from "@tickline/shared/events/control-event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import type { HandlerDescription } from "@tickline/shared/ports/handler-registry";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { ExecutorContext } from "../executor-context.ts";
import type { Handler } from "./handler.ts";
import { withPatternWords } from "./pattern-words.ts";

/** JSON Schema 2020-12 of what a job may give as params. Throws `bad_handler` for a schema that cannot be written so. */
export function paramsSchemaOf({ type, params }: Pick<Handler, "type" | "params">): JsonObject {
  try {
    return z.toJSONSchema(params, { target: "draft-2020-12", io: "input", override: withPatternWords }) as JsonObject;
  } catch (fault) {
    const why = fault instanceof Error ? fault.message : String(fault);
    throw new AppError("bad_handler", `the params of handler ${type} have no JSON Schema: ${why}`, { cause: fault });
  }
}

export type PublicationContext = Pick<ExecutorContext, "handlers" | "handlersRegistry" | "bus" | "clock" | "entropy" | "log" | "config">;

/**
 * Keeps the registry knowing what this executor can run. `start` resolves when that was tried once; it goes on trying. Others are
 * told once, by a loop of its own: the registry and the start wait for no bus.
 */
export function createHandlerPublication(context: PublicationContext): Service {
  const { handlers, handlersRegistry, bus, clock, entropy, log, config } = context;
  const described = [...handlers.values()].map((handler) => ({
    type: handler.type,
    description: handler.description,
    paramsSchema: paramsSchemaOf(handler),
  }));
  const tried = Promise.withResolvers<void>();

  async function publish(): Promise<number> {
    try {
      const lastSeenAt = clock.now();
      await handlersRegistry.publish(described.map((handler): HandlerDescription => ({ ...handler, lastSeenAt })));
      await hintLoop.start(); // Who is told looks into the registry.
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
