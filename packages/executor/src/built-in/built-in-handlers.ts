import type { Clock } from "@tickline/shared/ports/clock";
import type { ConfigOf } from "@tickline/shared/runtime/config/config";
import type { Handler } from "../handlers/handler.ts";
import type { BUILT_IN_OPTIONS } from "./built-in-settings.ts";
import { createComputeHandler } from "./compute/compute-handler.ts";
import { openFilesFolder } from "./files/files-folder.ts";
import { createHttpHandler } from "./http/http-handler.ts";

export interface BuiltInHandlersDeps {
  /** `now` is the store's time. */
  readonly clock: Pick<Clock, "now" | "setTimer">;
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

export function createBuiltInHandlers({ clock }: BuiltInHandlersDeps, options: BuiltInHandlersOptions): BuiltInHandlers {
  const { workersMax, filesDir, computeThreads, computeMemoryMb } = options;
  const files = openFilesFolder(filesDir);
  const http = createHttpHandler({ clock }, { connectionsMax: workersMax });
  const compute = createComputeHandler({ files }, { threadsMax: computeThreads, memoryMb: computeMemoryMb });
  return { handlers: [http.handler, compute], close: http.close };
}
