import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import type { ConfigOf } from "@tickline/shared/runtime/config/config";
import type { Handler } from "../handlers/handler.ts";
import type { BUILT_IN_OPTIONS } from "./built-in-settings.ts";
import { createHttpHandler } from "./http/http-handler.ts";

export interface BuiltInHandlersDeps {
  /** `now` is the store's time. */
  readonly clock: Pick<Clock, "now" | "setTimer">;
  readonly entropy: Pick<Entropy, "newId">;
}

export interface BuiltInHandlersOptions extends ConfigOf<typeof BUILT_IN_OPTIONS> {
  /** Attempts that run at once. */
  readonly workersMax: number;
}

/** The handlers that every executor has, besides those of its folder. */
export interface BuiltInHandlers {
  readonly handlers: readonly Handler[];
  /** Ends what they hold open. To be called when no attempt runs any more. Safe to call twice. */
  close(): Promise<void>;
}

export function createBuiltInHandlers({ clock }: BuiltInHandlersDeps, { workersMax }: BuiltInHandlersOptions): BuiltInHandlers {
  const http = createHttpHandler({ clock }, { connectionsMax: workersMax });
  return { handlers: [http.handler], close: http.close };
}
