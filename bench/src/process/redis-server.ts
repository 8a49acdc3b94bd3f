import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** `default`: snapshots as Debian sets them up, so a crash loses minutes. `everysec`: append-only file, a crash loses up to a second. */
export type RedisPersistence = "default" | "everysec";

export interface RedisServer {
  readonly socket: string;
  stop(): Promise<void>;
}

/** Debian's redis-server with its default settings, on a socket and a folder of its own. */
export async function startRedis(folder: string, persistence: RedisPersistence): Promise<RedisServer> {
  const socket = path.join(folder, "redis.sock");
  const settings = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "3600 1 300 100 60 10000"];
  const durable = persistence === "everysec" ? ["--appendonly", "yes", "--appendfsync", "everysec"] : [];
  const server = spawn("redis-server", [...settings, ...durable], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "exit");
  await ready(server.stdout, server);
  return {
    socket,
    async stop() {
      server.kill("SIGKILL"); // Its folder goes with it: there is nothing to save.
      await ended;
    },
  };
}

function ready(output: NodeJS.ReadableStream, server: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    output.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      if (log.toLowerCase().includes("ready to accept connections")) resolve();
    });
    server.once("error", (cause) => reject(new Error("redis-server does not start: apt-get install redis-server", { cause })));
    server.once("exit", (code) => reject(new Error(`redis-server ended with ${String(code)}: ${log}`)));
  });
}
