import { createServer, type Socket } from "node:net";
import { BSON } from "mongodb";

export type Answer = Readonly<Record<string, unknown>>;

/** A server that speaks MongoDB's protocol and answers what a test says. Driver and mongoose are the real ones. */
export interface AnsweringServer {
  readonly url: string;
  /** The names of the commands it was sent, but for those by which the driver looks after its server. */
  readonly commands: readonly string[];
  close(): Promise<void>;
}

/** An answer with all its rows in the first batch. */
export const answerWith = (rows: readonly Answer[]): Answer => ({
  ok: 1,
  cursor: { id: BSON.Long.ZERO, ns: "test.rows", firstBatch: rows },
});

const OP_REPLY = 1;
const OP_QUERY = 2_004;
const OP_MSG = 2_013;
const HEADER_BYTES = 16;

/** A primary of a replica set of one, so that the driver repeats what a replica set lets it repeat. */
const makeMember = (address: string): Answer => ({
  setName: "rs",
  hosts: [address],
  me: address,
  setVersion: 1,
  electionId: new BSON.ObjectId("7fffffff0000000000000001"),
});

/** What it says of itself besides. */
const CAN: Answer = {
  ok: 1,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 25,
  localTime: new Date(0),
};

/** `answer` is asked for each command, by its name and the command itself; `hello` for further fields of its answer to that command: a router is no member. */
export async function answeringServer(
  answer: (name: string, command: Answer) => Answer,
  hello: () => Answer = () => ({}),
): Promise<AnsweringServer> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  let address = "";

  function answerCommand(command: Answer): Answer {
    const [name = ""] = Object.keys(command);
    if (/^(hello|ismaster)$/i.test(name)) {
      const own = hello();
      return { ...("msg" in own ? {} : makeMember(address)), ...CAN, ...own };
    }
    if (name === "ping" || name === "endSessions") return { ok: 1 };
    commands.push(name);
    return answer(name, command);
  }
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let waiting = Buffer.alloc(0);
    socket.on("data", (part) => {
      waiting = Buffer.concat([waiting, part]);
      while (waiting.length >= 4 && waiting.length >= waiting.readInt32LE(0)) {
        const message = waiting.subarray(0, waiting.readInt32LE(0));
        waiting = waiting.subarray(message.length);
        socket.write(replyTo(message, answerCommand));
      }
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  address = `127.0.0.1:${port}`;
  return {
    url: `mongodb://${address}/test?heartbeatFrequencyMS=500&serverMonitoringMode=poll`,
    commands,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

function replyTo(message: Buffer, answerOf: (command: Answer) => Answer): Buffer {
  const isMessage = message.readInt32LE(12) === OP_MSG;
  if (!isMessage && message.readInt32LE(12) !== OP_QUERY) throw new Error("a kind of message that is not known here");
  // A message: flags, then a section of kind 0, the command; sections of kind 1, the documents of a batch, may follow. A query: flags, a
  // name that ends with 0, two numbers, the command.
  const begin = isMessage ? HEADER_BYTES + 5 : message.indexOf(0, HEADER_BYTES + 4) + 9;
  const command = BSON.deserialize(message.subarray(begin, begin + message.readInt32LE(begin))) as Answer;
  const document = BSON.serialize(answerOf(command));
  const before = Buffer.alloc(isMessage ? 5 : 20);
  if (!isMessage) before.writeInt32LE(1, 16); // One document.
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + before.length + document.length, 0);
  header.writeInt32LE(message.readInt32LE(4), 8);
  header.writeInt32LE(isMessage ? OP_MSG : OP_REPLY, 12);
  return Buffer.concat([header, before, document]);
}
