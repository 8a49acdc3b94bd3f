import { Connection } from "mongodb/lib/cmap/connection.js";

const { writeCommand } = Connection.prototype;

/**
 * The driver (mongodb 7.8) waits for a socket that takes no more to drain, and one that has been closed never does. A statement is then never
 * answered, and its connection is lost to the pool; where it was the question by which the driver watches a server that has no topology
 * version, it takes that server for away for ever. Here the wait ends with the connection, after which the driver looks whether it is closed,
 * and fails as it does for any connection that is cut off. A test on a real server cuts connections off in that moment, so another version
 * of the driver would be noticed.
 */
export function endLostWrites(): void {
  Connection.prototype.writeCommand = async function write(this: Connection, ...request): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.once("close", closed.resolve);
    try {
      await Promise.race([writeCommand.apply(this, request), closed.promise]);
    } finally {
      this.off("close", closed.resolve);
    }
  };
}
