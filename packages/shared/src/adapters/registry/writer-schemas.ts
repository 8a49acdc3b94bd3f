import type { Clock } from "../../ports/clock.ts";
import { inParallel } from "../../runtime/batch/in-parallel.ts";
import type { Logger } from "../../runtime/log/logger.ts";
import type { AvroType, RegistryClient } from "./registry-client.ts";

export interface WriterSchemasOptions {
  readonly client: Pick<RegistryClient, "find">;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Logger;
  /** Whether the registry still has our own schemas; else they are registered anew. Rejects when it does not answer. */
  readonly remembers: () => Promise<boolean>;
}

/** The schemas that messages were written by, by their ids. */
export interface WriterSchemas {
  /** Null: the registry has none of that id, or none that can be used. Rejects when it does not answer. */
  of(ids: ReadonlySet<number>): Promise<ReadonlyMap<number, AvroType | null>>;
}

/** Ids are whole numbers of four bytes with a sign, from 1. */
const ID_MAX = 0x7fff_ffff;
/** What the registry does not have is not asked for again for so long: garbage comes in plenty. */
const UNKNOWN_MS = 60_000;
/** Unknown ids remembered; beyond it the oldest are forgotten. */
const UNKNOWN_IDS_MAX = 10_000;
/** Questions under way at once. */
const ASKED_AT_ONCE = 8;

export function createWriterSchemas({ client, clock, log, remembers }: WriterSchemasOptions): WriterSchemas {
  /** When each was asked for, by the monotonic clock; the oldest first. */
  const unknown = new Map<number, number>();

  const isUnknown = (id: number): boolean => id < 1 || id > ID_MAX || clock.monotonicMs() - (unknown.get(id) ?? -Infinity) < UNKNOWN_MS;
  const find = async (ids: readonly number[]): Promise<(readonly [number, AvroType | null])[]> =>
    inParallel(ids, { atOnce: ASKED_AT_ONCE, work: async (id) => [id, await client.find(id)] as const });

  function note(ids: readonly number[]): void {
    for (const id of ids) {
      unknown.delete(id);
      unknown.set(id, clock.monotonicMs());
    }
    for (const id of unknown.keys()) {
      if (unknown.size <= UNKNOWN_IDS_MAX) break;
      unknown.delete(id);
    }
  }
  return {
    async of(ids) {
      const asked = [...ids].filter((id) => !isUnknown(id));
      const found = new Map(await find(asked));
      const missing = asked.filter((id) => found.get(id) === null);
      if (missing.length === 0) return found;
      log.warn({ ids: missing.slice(0, 10), count: missing.length }, "messages name schemas that the registry does not have");
      // A registry that has lost what it knew answers the same. Only one that has our own is believed.
      if (!(await remembers())) for (const [id, type] of await find(missing)) found.set(id, type);
      note(missing.filter((id) => found.get(id) === null));
      return found;
    },
  };
}
