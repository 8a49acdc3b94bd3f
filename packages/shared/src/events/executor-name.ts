import { isOwnSource } from "./envelope.ts";

/** The name of our own executors in leases and in the history of runs: the role of the process, and a new UUID. */
export const ownExecutorName = (role: "executor" | "standalone", uuid: string): string => `${role}-${uuid}`;

const OWN_NAME = /^(?:executor|standalone)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Longest name of a foreign executor, in characters. */
export const FOREIGN_NAME_LENGTH_MAX = 200;

/** Whether a foreign executor may have this name. It may not have a name of our services and executors: the history would confuse them. */
export const isForeignName = (name: string): boolean =>
  name !== "" && name.length <= FOREIGN_NAME_LENGTH_MAX && !isOwnSource(name.toLowerCase()) && !OWN_NAME.test(name);
