import { afterAll, describe } from "@jest/globals";
import { announcementsContract } from "./runs/announcements.contract.ts";
import { claimChecksContract } from "./runs/claim-checks.contract.ts";
import { claimedFiresContract } from "./jobs/claimed-fires.contract.ts";
import { deferredRunsContract } from "./runs/deferred-runs.contract.ts";
import { definitionRetentionContract } from "./jobs/definition-retention.contract.ts";
import { dueJobsContract } from "./jobs/due-jobs.contract.ts";
import { dueRunsContract } from "./runs/due-runs.contract.ts";
import { durabilityContract } from "./durability.contract.ts";
import { externalClaimsContract } from "./runs/external-claims.contract.ts";
import { fireRacesContract } from "./jobs/fire-races.contract.ts";
import { handlerRegistryContract } from "./handler-registry.contract.ts";
import { jobCatalogContract } from "./jobs/job-catalog.contract.ts";
import { jobListContract } from "./jobs/job-list.contract.ts";
import { jobOutboxContract } from "./jobs/job-outbox.contract.ts";
import { jobStatusContract } from "./jobs/job-status.contract.ts";
import { leaseRowsContract } from "./lease-rows.contract.ts";
import { overlapContract } from "./overlap/overlap.contract.ts";
import { overlapWaitsContract } from "./overlap/overlap-waits.contract.ts";
import { readRunsContract } from "./runs/read-runs.contract.ts";
import { requestsContract } from "./requests.contract.ts";
import { retentionContract } from "./runs/retention.contract.ts";
import { runClaimsContract } from "./runs/run-claims.contract.ts";
import { runControlContract } from "./runs/run-control.contract.ts";
import { runLeasesContract } from "./runs/run-leases.contract.ts";
import { runQueriesContract } from "./runs/run-queries.contract.ts";
import { runRecordContract } from "./runs/run-record.contract.ts";
import { setBackContract } from "./set-back.contract.ts";
import { settleContract } from "./runs/settle.contract.ts";
import { standingRunsContract } from "./runs/standing-runs.contract.ts";
import type { StoreContract, StoreSubject } from "./store-subject.ts";
import { tenantsContract } from "./tenants.contract.ts";
import { unreadableClaimsContract } from "./unreadable/unreadable-claims.contract.ts";
import { unreadableContendersContract } from "./unreadable/unreadable-contenders.contract.ts";
import { unreadableJobsContract } from "./unreadable/unreadable-jobs.contract.ts";
import { unreadableRunsContract } from "./unreadable/unreadable-runs.contract.ts";
import { waitingRunsContract } from "./runs/waiting-runs.contract.ts";
import { wakeContract } from "./runs/wake.contract.ts";

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
  externalClaimsContract,
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

/** All facts about every store. Each adapter calls it once, from a test file beside it. */
export function storeContract(name: string, createSubject: () => StoreSubject): void {
  describe(name, () => {
    const subject = createSubject();
    afterAll(() => subject.dispose?.());
    for (const contract of CONTRACTS) contract(subject);
  });
}
