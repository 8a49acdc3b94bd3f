import type { DatabaseSync } from "node:sqlite";
import { inRange, type SlotRange } from "../../domain/slot.ts";
import type { JobEvent } from "../../events/job-event.ts";

/** Events of job writes until they are sent. Their ids are in memory: an index would cost every create a page. */
export interface Outbox {
  add(event: JobEvent, slot: number): void;
  unsent(query: { readonly slots: SlotRange; readonly limit: number }): JobEvent[];
  sent(request: { readonly eventIds: readonly string[] }): void;
  /** True while an event of this job is unsent. */
  holds(jobUid: string): boolean;
}

interface Unsent {
  readonly seq: number;
  readonly slot: number;
  readonly jobUid: string;
  readonly time: number;
}

export function openOutbox(db: DatabaseSync): Outbox {
  const unsent = new Map<string, Unsent>();
  const perJob = new Map<string, number>();
  let lastSeq = 0;
  const insert = db.prepare("INSERT INTO outbox (seq, event_id, slot, event) VALUES (?, ?, ?, ?)");
  const select = db.prepare("SELECT event FROM outbox WHERE seq = ?");
  const remove = db.prepare("DELETE FROM outbox WHERE seq = ?");

  function keep(event: JobEvent, seq: number, slot: number): void {
    const { jobUid } = event.data;
    unsent.set(event.id, { seq, slot, jobUid, time: event.time });
    perJob.set(jobUid, (perJob.get(jobUid) ?? 0) + 1);
    lastSeq = Math.max(lastSeq, seq);
  }
  function drop(eventId: string, { seq, jobUid }: Unsent): void {
    unsent.delete(eventId);
    const rest = (perJob.get(jobUid) ?? 1) - 1;
    if (rest === 0) perJob.delete(jobUid);
    else perJob.set(jobUid, rest);
    remove.run(seq);
  }
  for (const row of db.prepare("SELECT seq, slot, event FROM outbox ORDER BY seq").iterate()) {
    keep(JSON.parse(row["event"] as string) as JobEvent, row["seq"] as number, row["slot"] as number);
  }
  return {
    add(event, slot) {
      insert.run(lastSeq + 1, event.id, slot, JSON.stringify(event));
      keep(event, lastSeq + 1, slot);
    },
    unsent({ slots, limit }) {
      const mine = [...unsent.values()].filter(({ slot }) => inRange(slot, slots));
      mine.sort((left, right) => left.time - right.time || left.seq - right.seq);
      return mine.slice(0, limit).map(({ seq }) => JSON.parse(String(select.get(seq)?.["event"])) as JobEvent);
    },
    sent({ eventIds }) {
      for (const eventId of eventIds) {
        const entry = unsent.get(eventId);
        if (entry !== undefined) drop(eventId, entry);
      }
    },
    holds: (jobUid) => perJob.has(jobUid),
  };
}
