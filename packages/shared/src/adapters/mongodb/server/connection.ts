import { Connection as DriverConnection } from "mongodb/lib/cmap/connection.js";
import { type Connection, createConnection } from "mongoose";
import { storeFault } from "./faults.ts";

/** How long a call waits for a usable server. Then it fails as `store_unavailable`. */
export const SERVER_SELECTION_MS_MAX = 5_000;
/** How long a server may take to answer before the connection is closed. Only this limit detects a paused server. */
export const ANSWER_MS_MAX = 20_000;
/**
 * A connection that was idle for this long is not used again. Connections that were cut off without notice look open, and each would cost its
 * next statement a whole `ANSWER_MS_MAX`, one after the other. With this limit only the first does.
 */
export const IDLE_MS_MAX = 10_000;
/** Connections of one process. Batches are large and few. */
export const CONNECTIONS_MAX = 20;

export interface ConnectionOptions {
  /** `mongodb://…/database`; `tickline` where it names no database. User, TLS and replica set stand in the URL. */
  readonly url: string;
  readonly serverSelectionMs?: number;
  readonly answerMs?: number;
  readonly idleMs?: number;
  /** Longest time for a statement with all its waits. Default `STATEMENT_MS_MAX`. */
  readonly statementMs?: number;
}

/** Connects. Everything is written with majority and journal, and read with majority from the primary, whatever the URL says. */
export async function connect({
  url,
  serverSelectionMs = SERVER_SELECTION_MS_MAX,
  answerMs = ANSWER_MS_MAX,
  idleMs = IDLE_MS_MAX,
}: ConnectionOptions): Promise<Connection> {
  endLostWrites();
  const connection = createConnection(url, {
    ...(namesDatabase(url) ? {} : { dbName: "tickline" }),
    appName: "tickline",
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    sanitizeFilter: false, // Filters are written here, with an explicit operator before each value.
    ignoreUndefined: true,
    writeConcern: { w: "majority", journal: true },
    readConcern: { level: "majority" },
    readPreference: "primary",
    serverSelectionTimeoutMS: serverSelectionMs,
    connectTimeoutMS: serverSelectionMs,
    waitQueueTimeoutMS: answerMs,
    socketTimeoutMS: answerMs,
    maxIdleTimeMS: idleMs,
    maxPoolSize: CONNECTIONS_MAX,
  });
  try {
    return await connection.asPromise();
  } catch (fault) {
    await connection.close().catch(() => {});
    throw storeFault(fault, "connect to the store");
  }
}

const namesDatabase = (url: string): boolean => /^mongodb(\+srv)?:\/\/[^/]+\/[^?]/.test(url);

const { writeCommand } = DriverConnection.prototype;

/**
 * The driver (mongodb 7.8) waits until a full socket drains, and a closed socket never does. The statement is then never answered, and
 * its connection is lost to the pool. If it was the statement that monitors a server without a topology version, the driver treats that
 * server as unavailable for ever. Here the wait ends with the connection. The driver then finds it closed, and fails as for any
 * connection that is cut off. A test on a real server cuts connections off at that moment, and so checks new versions of the driver.
 */
function endLostWrites(): void {
  DriverConnection.prototype.writeCommand = async function write(this: DriverConnection, ...request): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.once("close", closed.resolve);
    try {
      await Promise.race([writeCommand.apply(this, request), closed.promise]);
    } finally {
      this.off("close", closed.resolve);
    }
  };
}
