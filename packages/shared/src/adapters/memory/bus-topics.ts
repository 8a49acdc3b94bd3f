import { createGroup, type Group, type GroupOptions } from "./bus-group.ts";
import type { Member } from "./bus-member.ts";

/** The groups of every topic. A group exists as long as it has members. */
export interface BusTopics {
  groupsOf(topic: string): readonly Group[];
  /** The queues that a new member of the group shares, one a topic. */
  join(topics: readonly string[], groupName: string, member: Member): readonly Group[];
  leave(topics: readonly string[], groupName: string, member: Member): void;
  readonly waiting: number;
}

export function createBusTopics(options: GroupOptions): BusTopics {
  const groups = new Map<string, Map<string, Group>>();

  function groupOf(topic: string, name: string): Group {
    const ofTopic = groups.get(topic) ?? new Map<string, Group>();
    groups.set(topic, ofTopic);
    const group = ofTopic.get(name) ?? createGroup(options);
    ofTopic.set(name, group);
    return group;
  }
  const groupsOf = (topic: string): Group[] => [...(groups.get(topic)?.values() ?? [])];
  return {
    groupsOf,
    join(topics, groupName, member) {
      const joined = topics.map((topic) => groupOf(topic, groupName));
      for (const group of joined) group.join(member);
      return joined;
    },
    leave(topics, groupName, member) {
      for (const topic of topics) {
        const ofTopic = groups.get(topic);
        if (ofTopic?.get(groupName)?.leave(member) === 0) ofTopic.delete(groupName);
      }
    },
    get waiting() {
      return [...groups.keys()].flatMap(groupsOf).reduce((sum, group) => sum + group.size, 0);
    },
  };
}
