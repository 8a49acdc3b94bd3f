import { isOwnSource } from "@tickline/shared/events/envelope";

/** What our own executors are called in leases and in the history of runs: the role of the process, and a new UUID. */
export const ownExecutorName = (role: "executor" | "standalone", uuid: string): string => `${role}-${uuid}`;

const OWN_NAME = /^(?:executor|standalone)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Longest name of a foreign executor, in characters. */
export const FOREIGN_NAME_LENGTH_MAX = 200;

/** Whether a foreign executor may go by a name: not by one of our services or executors, for whom it would be taken in the history. */
export const isForeignName = (name: string): boolean =>
  name !== "" && name.length <= FOREIGN_NAME_LENGTH_MAX && !isOwnSource(name.toLowerCase()) && !OWN_NAME.test(name);
