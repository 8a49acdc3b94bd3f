import type { HandlerDescription, HandlerRegistry } from "@tickline/shared/ports/store/handler-registry";
import type { Clock } from "@tickline/shared/ports/clock";
import { createParamsCheck, type ParamsCheck } from "./params-check.ts";
import type { Logger } from "@tickline/shared/runtime/log/logger";

/** The handlers that jobs may name, as executors published them. They are read once, and again when they may have changed. */
export interface KnownHandlers {
  /** Null: no executor has published such a handler. An unknown name causes a new read of the registry, at a bounded rate. */
  find(type: string): Promise<HandlerDescription | null>;
  types(): readonly string[];
  /** Reads the registry. */
  refresh(): Promise<void>;
  /** The faults of params by the handler's own schema. */
  readonly checkParams: ParamsCheck;
}

export interface KnownHandlersDeps {
  readonly handlers: HandlerRegistry;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createKnownHandlers(
  { handlers, clock, log }: KnownHandlersDeps,
  { handlersRefreshMs }: { handlersRefreshMs: number },
): KnownHandlers {
  let known = new Map<string, HandlerDescription>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    readAtMs = clock.monotonicMs();
    try {
      known = new Map((await handlers.list()).map((handler) => [handler.type, handler]));
    } finally {
      reading = null;
    }
  }
  const refresh = (): Promise<void> => (reading ??= read());

  return {
    async find(type) {
      if (!known.has(type) && (reading !== null || clock.monotonicMs() - readAtMs >= handlersRefreshMs)) await refresh();
      return known.get(type) ?? null;
    },
    types: () => [...known.keys()].toSorted(),
    refresh,
    checkParams: createParamsCheck(log),
  };
}
