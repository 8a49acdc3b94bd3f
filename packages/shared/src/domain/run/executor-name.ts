/** The name of our own executors in leases and in the history of runs: the role of the process, and a new UUID. */
export const ownExecutorName = (role: "executor" | "standalone", uuid: string): string => `${role}-${uuid}`;

/** Longest name of a foreign executor, in characters. */
export const FOREIGN_NAME_LENGTH_MAX = 200;

const inAnyCase = (text: string): string => text.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

/**
 * The names that foreign executors may have: any but those of our services and executors, with which the history would confuse them. It is without flags,
 * because a JSON Schema has none.
 */
export const FOREIGN_NAME_PATTERN = new RegExp(
  `^(?!${inAnyCase("tickline")}/)(?!(?:${inAnyCase("executor")}|${inAnyCase("standalone")})-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$)`,
);

export const isForeignName = (name: string): boolean =>
  name !== "" && name.length <= FOREIGN_NAME_LENGTH_MAX && FOREIGN_NAME_PATTERN.test(name);
