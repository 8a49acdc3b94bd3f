import type { StoreClock } from "@tickline/shared/runtime/store-clock/store-clock";
import type { ApiConfig } from "./api-config.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { KnownHandlers } from "./handlers/known-handlers.ts";
import type { Notices } from "./notices.ts";

/** The dependencies of every command and route. `clock` has the store's time. Decisions by time use `time.decide()`. */
export interface ApiContext extends ApiDeps {
  readonly time: StoreClock;
  readonly config: ApiConfig;
  readonly knownHandlers: KnownHandlers;
  readonly notices: Notices;
}
