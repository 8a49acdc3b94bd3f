import avro from "avsc";
import { AppError } from "../../domain/app-error.ts";
import type { AvroRecord } from "../../events/wire/avro-schema.ts";
import type { AvroType, RegistryClient } from "./registry-client.ts";

/** A registry in memory that can be unavailable, or lose its schemas. */
export interface MemoryRegistry extends RegistryClient {
  away: boolean;
  forget(): void;
}

export function createMemoryRegistry(): MemoryRegistry {
  let types: { schema: string; type: AvroType }[] = [];
  const registry: MemoryRegistry = {
    away: false,
    forget: () => void (types = []),
    async register(schema: AvroRecord) {
      check();
      const text = JSON.stringify(schema);
      if (!types.some((known) => known.schema === text)) {
        types.push({ schema: text, type: avro.Type.forSchema(JSON.parse(text)) as unknown as AvroType });
      }
      const index = types.findIndex((known) => known.schema === text);
      return { id: index + 1, type: (types[index] as { type: AvroType }).type };
    },
    async find(id) {
      const known = types[id - 1]?.type; // The client caches what it found, also while the registry is unavailable.
      if (known === undefined) check();
      return known ?? null;
    },
    async has(schema, id) {
      check();
      return types[id - 1]?.schema === JSON.stringify(schema);
    },
    async warm() {
      check();
    },
  };
  function check(): void {
    if (registry.away) throw new AppError("bus_unavailable", "the registry is unavailable", { retryable: true });
  }
  return registry;
}
