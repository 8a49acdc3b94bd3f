import type { Instant } from "../../domain/time/instant.ts";
import type { JsonObject } from "../../domain/json/json.ts";

/** What an executor can run. `paramsSchema` is JSON Schema 2020-12. */
export interface HandlerDescription {
  readonly type: string;
  readonly description: string | null;
  readonly paramsSchema: JsonObject;
  readonly lastSeenAt: Instant;
}

/** What all executors can run, published by them and read by every api, which so needs none of their code. */
export interface HandlerRegistry {
  /** Inserts or replaces by `type`. */
  publish(handlers: readonly HandlerDescription[]): Promise<void>;
  /** By type, ascending. */
  list(): Promise<readonly HandlerDescription[]>;
}
