import { afterAll, describe } from "@jest/globals";
import { announcementsContract } from "./announcements.contract.ts";
import { claimChecksContract } from "./claim-checks.contract.ts";
import { claimedFiresContract } from "./claimed-fires.contract.ts";
import { deferredRunsContract } from "./deferred-runs.contract.ts";
import { definitionRetentionContract } from "./definition-retention.contract.ts";
import { dueJobsContract } from "./due-jobs.contract.ts";
import { dueRunsContract } from "./due-runs.contract.ts";
import { durabilityContract } from "./durability.contract.ts";
import { fireRacesContract } from "./fire-races.contract.ts";
import { handlerRegistryContract } from "./handler-registry.contract.ts";
import { jobCatalogContract } from "./job-catalog.contract.ts";
import { jobListContract } from "./job-list.contract.ts";
import { jobOutboxContract } from "./job-outbox.contract.ts";
import { jobStatusContract } from "./job-status.contract.ts";
import { leaseRowsContract } from "./lease-rows.contract.ts";
import { overlapContract } from "./overlap.contract.ts";
import { overlapWaitsContract } from "./overlap-waits.contract.ts";
import { readRunsContract } from "./read-runs.contract.ts";
import { requestsContract } from "./requests.contract.ts";
import { retentionContract } from "./retention.contract.ts";
import { runClaimsContract } from "./run-claims.contract.ts";
import { runControlContract } from "./run-control.contract.ts";
import { runLeasesContract } from "./run-leases.contract.ts";
import { runQueriesContract } from "./run-queries.contract.ts";
import { runRecordContract } from "./run-record.contract.ts";
import { setBackContract } from "./set-back.contract.ts";
import { settleContract } from "./settle.contract.ts";
import { standingRunsContract } from "./standing-runs.contract.ts";
import type { StoreContract, StoreSubject } from "./store-subject.ts";
import { tenantsContract } from "./tenants.contract.ts";
import { unreadableClaimsContract } from "./unreadable-claims.contract.ts";
import { unreadableContendersContract } from "./unreadable-contenders.contract.ts";
import { unreadableJobsContract } from "./unreadable-jobs.contract.ts";
import { unreadableRunsContract } from "./unreadable-runs.contract.ts";
import { waitingRunsContract } from "./waiting-runs.contract.ts";
import { wakeContract } from "./wake.contract.ts";

const CONTRACTS: readonly StoreContract[] = [
  jobCatalogContract,
  jobListContract,
  jobOutboxContract,
  requestsContract,
  dueJobsContract,
  fireRacesContract,
  claimedFiresContract,
  dueRunsContract,
  deferredRunsContract,
  wakeContract,
  waitingRunsContract,
  readRunsContract,
  standingRunsContract,
  runClaimsContract,
  claimChecksContract,
  overlapContract,
  overlapWaitsContract,
  settleContract,
  runLeasesContract,
  runControlContract,
  runQueriesContract,
  runRecordContract,
  announcementsContract,
  jobStatusContract,
  retentionContract,
  definitionRetentionContract,
  handlerRegistryContract,
  leaseRowsContract,
  setBackContract,
  tenantsContract,
  unreadableClaimsContract,
  unreadableContendersContract,
  unreadableJobsContract,
  unreadableRunsContract,
  durabilityContract,
];

/** Everything that is true of every store. Each adapter calls it once, from a test file beside it. */
export function storeContract(name: string, createSubject: () => StoreSubject): void {
  describe(name, () => {
    const subject = createSubject();
    afterAll(() => subject.dispose?.());
    for (const contract of CONTRACTS) contract(subject);
  });
}
