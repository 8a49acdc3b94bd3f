import { connect } from "@tickline/shared/adapters/mongodb/server/connection";
import type { JobRow } from "@tickline/shared/adapters/mongodb/jobs/job-row";
import type { RunRow } from "@tickline/shared/adapters/mongodb/runs/run-row";

/** The database itself, past the services: what stands there is what happened. */
export interface BenchStore {
  runs(): Promise<readonly RunRow[]>;
  /** Jobs that have fired for the last time and whose status does not show yet how that run ended. */
  unprojected(): Promise<number>;
  /** Deletes the database and lets go of the server. */
  drop(): Promise<void>;
}

export async function openBenchStore(url: string): Promise<BenchStore> {
  const connection = await connect({ url });
  const fields = {
    _id: 1,
    jobId: 1,
    state: 1,
    reason: 1,
    scheduledFor: 1,
    firedAt: 1,
    startedAt: 1,
    settledAt: 1,
    attempt: 1,
    attempts: 1,
  };
  return {
    runs: async () => (await connection.collection("runs").find({}, { projection: fields }).toArray()) as unknown as readonly RunRow[],
    unprojected: () =>
      connection.collection<JobRow>("jobs").countDocuments({ nextRunAt: { $eq: null }, status: { $nin: ["succeeded", "failed"] } }),
    async drop() {
      await connection.dropDatabase();
      await connection.close();
    },
  };
}
