import { createFifo } from "../../domain/fifo.ts";
import type { TicklineEvent } from "../../events/event.ts";
import { shuffled } from "./bus-faults.ts";
import type { Member } from "./bus-member.ts";

export interface GroupOptions {
  readonly batchEventsMax: number;
  readonly groupEventsMax: number;
  readonly onDropped: (count: number) => void;
}

/** One topic as one group sees it: a queue, and the members that share it. When it is full, it forgets the oldest events: their repair is nearest. */
export interface Group {
  readonly size: number;
  join(member: Member): void;
  /** Returns how many members are left. */
  leave(member: Member): number;
  push(events: readonly TicklineEvent[]): void;
  shuffle(random: () => number): void;
  /** Delivers the waiting events to the free members in a later turn of the event loop. All calls until then count as one. */
  schedule(): void;
}

/** The groups of every topic. A group exists as long as it has members. */
export function createGroups(options: GroupOptions) {
  const topics = new Map<string, Map<string, Group>>();
  const list = (topic: string): Group[] => [...(topics.get(topic)?.values() ?? [])];
  return {
    list,
    open(topic: string, name: string): Group {
      const groups = topics.get(topic) ?? new Map<string, Group>();
      topics.set(topic, groups);
      const group = groups.get(name) ?? createGroup(options);
      groups.set(name, group);
      return group;
    },
    leave(topic: string, name: string, member: Member): void {
      if (topics.get(topic)?.get(name)?.leave(member) === 0) topics.get(topic)?.delete(name);
    },
    countWaiting: (): number => [...topics.keys()].flatMap(list).reduce((sum, group) => sum + group.size, 0),
  };
}

function createGroup({ batchEventsMax, groupEventsMax, onDropped }: GroupOptions): Group {
  const queue = createFifo<TicklineEvent>();
  let members: Member[] = [];
  /** Shares are even, and the first one goes to another member each time. */
  let round = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || queue.size === 0) return;
    scheduled = true;
    setImmediate(deal);
  }
  function deal(): void {
    scheduled = false;
    round += 1;
    const free = members.filter((member) => member.free);
    for (let index = 0; index < free.length && queue.size > 0; index += 1) {
      const share = Math.ceil(queue.size / (free.length - index));
      const events = queue.take(Math.min(share, batchEventsMax));
      free[(round + index) % free.length]?.deliver({ events, putBack: () => putBack(events) });
    }
  }
  function putBack(events: readonly TicklineEvent[]): void {
    queue.putBack(events);
    forgetOverflow();
    schedule();
  }
  function forgetOverflow(): void {
    onDropped(queue.take(Math.max(0, queue.size - groupEventsMax)).length);
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
      for (const event of events) queue.add(event);
      forgetOverflow();
      schedule();
    },
    shuffle: (random) => queue.putBack(shuffled(queue.take(queue.size), random)),
    schedule,
  };
}
