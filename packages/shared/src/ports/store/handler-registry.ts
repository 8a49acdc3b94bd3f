import type { Instant } from "../../domain/time/instant.ts";
import type { JsonObject } from "../../domain/json/json.ts";

/** What an executor can run. `paramsSchema` is JSON Schema 2020-12. */
export interface HandlerDescription {
  readonly type: string;
  readonly description: string | null;
  readonly paramsSchema: JsonObject;
  readonly lastSeenAt: Instant;
}

/** The handlers of all executors. Executors publish them, and each api reads them, so the api needs no code of handlers. */
export interface HandlerRegistry {
  /** Inserts or replaces by `type`. */
  publish(handlers: readonly HandlerDescription[]): Promise<void>;
  /** By type, ascending. */
  list(): Promise<readonly HandlerDescription[]>;
}
