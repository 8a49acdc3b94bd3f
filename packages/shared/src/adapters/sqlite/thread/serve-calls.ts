import type { DatabaseSync } from "node:sqlite";
import type { AppError } from "../../../domain/app-error.ts";
import { storeFault } from "../faults.ts";
import { isRead, type ThreadPorts } from "../ports.ts";
import { query } from "../rows.ts";
import type { Answer, Call } from "./thread-messages.ts";

/** Performs all calls that have arrived, in one transaction. */
export interface CallServer {
  /** Every write is on disk when it returns. */
  serve(calls: readonly Call[]): Answer[];
  /** Why the last write was refused by the disk, or by another program that holds the file; null: it was not. */
  readonly refusing: string | null;
  /** Writes an existing value again, to find out whether writes are accepted again. */
  probe(): void;
  /** True when something was written since the last call. */
  takeWritten(): boolean;
}

export function createCallServer(db: DatabaseSync, ports: ThreadPorts): CallServer {
  const transactions = createTransactions(db);
  const { transact, changes } = transactions;
  let lookedAt = changes();

  function perform({ id, port, method, values }: Call): Answer {
    const deed = ports[port] as unknown as Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;
    return { id, value: deed[method]?.(...values) };
  }
  /** A call that fails without a change is refused, and the others continue. At some faults SQLite itself ends the transaction. */
  function performBeside(call: Call): Answer {
    const before = changes();
    try {
      return perform(call);
    } catch (cause) {
      const fault = storeFault(cause, `${call.port}.${call.method}`);
      if (fault.code === "store_unavailable" || !db.isTransaction || changes() !== before) throw fault;
      return refused(call, fault);
    }
  }
  function performAlone(call: Call): Answer {
    try {
      return transact(() => perform(call));
    } catch (cause) {
      return refused(call, storeFault(cause, `${call.port}.${call.method}`));
    }
  }
  return {
    serve(calls) {
      try {
        return transact(() => calls.map(performBeside));
      } catch (cause) {
        const fault = storeFault(cause, "write to the store");
        // If the disk is the cause, all writes fail. If one call is the cause, the others must not fail with it.
        const all = fault.code === "store_unavailable";
        return calls.map((call) => (all && !isRead(call.port, call.method) ? refused(call, fault) : performAlone(call)));
      }
    },
    get refusing() {
      return transactions.refusing;
    },
    probe: () => transact(() => db.exec("UPDATE meta SET value = value WHERE name = 'watermark'")),
    takeWritten() {
      const now = changes();
      const written = now !== lookedAt;
      lookedAt = now;
      return written;
    },
  };
}

interface Transactions extends Pick<CallServer, "refusing"> {
  /** If it throws, the file is unchanged. */
  transact<Result>(work: () => Result): Result;
  /** Rows written since the file was opened. */
  changes(): number;
}

function createTransactions(db: DatabaseSync): Transactions {
  const total = query<{ changes: number }>(db, "SELECT total_changes() AS changes");
  const changes = (): number => total.get()?.changes ?? 0;
  let refusing: string | null = null;
  return {
    changes,
    get refusing() {
      return refusing;
    },
    transact(work) {
      const before = changes();
      try {
        db.exec("BEGIN");
        const result = work();
        db.exec("COMMIT");
        if (changes() !== before) refusing = null;
        return result;
      } catch (cause) {
        if (db.isTransaction) db.exec("ROLLBACK");
        const fault = storeFault(cause, "write to the store");
        if (fault.code === "store_unavailable") refusing = fault.message;
        throw fault;
      }
    },
  };
}

const refused = ({ id }: Call, { code, message, retryable }: AppError): Answer => ({ id, fault: { code, message, retryable } });
