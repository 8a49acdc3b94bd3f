import type { DatabaseSync } from "node:sqlite";
import type { JobDefinition } from "../../domain/job-definition.ts";
import type { OverlapPolicy } from "../../domain/overlap.ts";

/** What the store itself must know of a definition. Many jobs share one row, so there are few. */
export interface Traits {
  readonly traitsKey: number;
  readonly queue: string;
  readonly handler: string;
  readonly expireAfterMs: number | null;
  readonly overlap: OverlapPolicy;
  readonly onUncertain: JobDefinition["onUncertain"];
}

export type TraitsInput = Omit<Traits, "traitsKey">;

export interface TraitsTable {
  /** Undefined: its row is gone, and nobody knows what the run is for. */
  find(traitsKey: number): Traits | undefined;
  /** The row with these values, made if there is none. */
  intern(input: TraitsInput): Traits;
}

export function openTraits(db: DatabaseSync): TraitsTable {
  const byKey: Traits[] = [];
  const byText = new Map<string, Traits>();
  const insert = db.prepare(
    "INSERT INTO traits (traits_key, queue, handler, expire_after_ms, overlap, on_uncertain) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const textOf = ({ queue, handler, expireAfterMs, overlap, onUncertain }: TraitsInput): string =>
    JSON.stringify([queue, handler, expireAfterMs, overlap, onUncertain]);
  const keep = (traits: Traits): Traits => {
    byKey[traits.traitsKey] = traits;
    byText.set(textOf(traits), traits);
    return traits;
  };
  for (const row of db.prepare("SELECT * FROM traits").iterate()) {
    keep({
      traitsKey: row["traits_key"] as number,
      queue: row["queue"] as string,
      handler: row["handler"] as string,
      expireAfterMs: row["expire_after_ms"] as number | null,
      overlap: row["overlap"] as OverlapPolicy,
      onUncertain: row["on_uncertain"] as Traits["onUncertain"],
    });
  }
  return {
    find: (traitsKey) => byKey[traitsKey],
    intern(input) {
      const known = byText.get(textOf(input));
      if (known !== undefined) return known;
      const { queue, handler, expireAfterMs, overlap, onUncertain } = input;
      const traitsKey = Math.max(byKey.length, 1);
      insert.run(traitsKey, queue, handler, expireAfterMs, overlap, onUncertain);
      return keep({ traitsKey, queue, handler, expireAfterMs, overlap, onUncertain });
    },
  };
}
