import type { TicklineEvent } from "../../events/event.ts";
import type { Member } from "./bus-member.ts";
import { createEventQueue } from "./event-queue.ts";

export interface GroupOptions {
  readonly batchEventsMax: number;
  readonly groupEventsMax: number;
  readonly onDropped: (count: number) => void;
}

/** One topic as one group sees it: a queue, and the members that share it. */
export interface Group {
  readonly size: number;
  join(member: Member): void;
  /** Returns how many members are left. */
  leave(member: Member): number;
  push(events: readonly TicklineEvent[]): void;
  shuffle(random: () => number): void;
  /** Deals what waits to the free members in a later turn of the event loop; any number of calls until then are one. */
  schedule(): void;
}

export function createGroup({ batchEventsMax, groupEventsMax, onDropped }: GroupOptions): Group {
  const queue = createEventQueue(groupEventsMax);
  let members: Member[] = [];
  /** Whose turn it is: shares are even, and the first one goes to another member each time. */
  let turn = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || queue.size === 0) return;
    scheduled = true;
    setImmediate(deal);
  }
  function deal(): void {
    scheduled = false;
    turn += 1;
    const free = members.filter((member) => member.free);
    for (let index = 0; index < free.length && queue.size > 0; index += 1) {
      const share = Math.ceil(queue.size / (free.length - index));
      const events = queue.take(Math.min(share, batchEventsMax));
      free[(turn + index) % free.length]?.deliver({ events, putBack: () => putBack(events) });
    }
  }
  function putBack(events: readonly TicklineEvent[]): void {
    onDropped(queue.putBack(events));
    schedule();
  }
  return {
    get size() {
      return queue.size;
    },
    join(member) {
      members.push(member);
    },
    leave(member) {
      members = members.filter((other) => other !== member);
      schedule();
      return members.length;
    },
    push(events) {
      onDropped(queue.push(events));
      schedule();
    },
    shuffle: (random) => queue.shuffle(random),
    schedule,
  };
}
