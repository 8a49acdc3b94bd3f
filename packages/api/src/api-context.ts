import type { ApiConfig } from "./api-config.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { KnownHandlers } from "./handlers/known-handlers.ts";
import type { Notices } from "./notices.ts";

/** What every command and route works with. */
export interface ApiContext extends ApiDeps {
  readonly config: ApiConfig;
  readonly knownHandlers: KnownHandlers;
  readonly notices: Notices;
}
