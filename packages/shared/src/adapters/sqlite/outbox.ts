import type { DatabaseSync } from "node:sqlite";
import { isInShard, type Shard } from "../../domain/slot.ts";
import type { JobEvent } from "../../events/job-event.ts";
import { readJobEvent } from "../../events/stored-event.ts";
import { evaluate } from "../../domain/evaluation.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { takeReadable } from "../../runtime/map-readable.ts";

/** Events of job writes until they are sent. Their ids are in memory: an index would cost every create a page. */
export interface Outbox {
  add(event: JobEvent, slot: number): void;
  unsent(query: { readonly shard: Shard; readonly limit: number }): JobEvent[];
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

export function openOutbox(db: DatabaseSync, onUnreadable: OnUnreadable): Outbox {
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
  for (const row of db.prepare("SELECT seq, event_id, slot, event FROM outbox ORDER BY seq").iterate()) {
    const [seq, slot] = [row["seq"] as number, row["slot"] as number];
    lastSeq = Math.max(lastSeq, seq);
    const event = evaluate(() => readJobEvent(JSON.parse(row["event"] as string)));
    // It is never sent; whoever the job matters to looks for it within the second.
    if (event.kind === "not_evaluated") onUnreadable({ kind: "event", id: String(row["event_id"]), reason: event.reason });
    else keep(event.value, seq, slot);
  }
  return {
    add(event, slot) {
      insert.run(lastSeq + 1, event.id, slot, JSON.stringify(event));
      keep(event, lastSeq + 1, slot);
    },
    unsent({ shard, limit }) {
      const mine = [...unsent].filter(([, { slot }]) => isInShard(slot, shard));
      mine.sort(([, left], [, right]) => left.time - right.time || left.seq - right.seq);
      const read = (seq: number): JobEvent => readJobEvent(JSON.parse(String(select.get(seq)?.["event"])));
      return takeReadable(mine, limit, { kind: "event", idOf: ([id]) => id, map: ([, { seq }]) => read(seq), onUnreadable });
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
