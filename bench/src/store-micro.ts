/**
 * The SQLite store by itself: `node --conditions=@tickline/source bench/src/store-micro.ts [--jobs 50000] [--batch 200]
 * [--flights 3] [--rounds 3] [--old-runs 0] [--busy 0] [--only one-shot,recurring,waiting,reads,open]`. Prints what a whole life of a run
 * costs the store, from its fire to its announcement, and what reads cost; made to be profiled with `--cpu-prof`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openSqliteStore } from "@tickline/shared/adapters/sqlite/sqlite-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { firstDueRun, type ClaimedRun } from "@tickline/shared/domain/due-run";
import type { Fire } from "@tickline/shared/domain/fire";
import type { Job } from "@tickline/shared/domain/job";
import { definitionHash, type JobDefinition } from "@tickline/shared/domain/job-definition";
import { ALL_SLOTS, slotOf } from "@tickline/shared/domain/slot";
import { jobEvent } from "@tickline/shared/events/job-event";
import type { Store } from "@tickline/shared/ports/store";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "50000" },
    batch: { type: "string", default: "200" },
    flights: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    "old-runs": { type: "string", default: "0" },
    busy: { type: "string", default: "0" },
    only: { type: "string", default: "one-shot,recurring,waiting,reads,open" },
    dir: { type: "string", default: tmpdir() },
  },
});
const [jobs, batch, flights, rounds] = [values.jobs, values.batch, values.flights, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];
/** Microseconds of the main thread burnt for each run, as the services would. */
const busyUs = Number(values.busy);
const wanted = new Set(values.only.split(","));
const START = 1_780_000_000_000;
const EVERY_MS = 10_000;

const definitionOf = (name: string, schedule: JobDefinition["schedule"]): JobDefinition => ({
  name,
  description: null,
  tags: [],
  handler: "noop",
  params: {},
  schedule,
  anchorAt: START,
  queue: "default",
  retry: { maxAttempts: 3, backoff: "exponential", delayMs: 1_000, delayMaxMs: 3_600_000, jitter: "full", nonRetryable: [] },
  timeoutMs: 60_000,
  onUncertain: "rerun",
  expireAfterMs: null,
  overlap: "skip",
  misfire: { policy: "one", maxLatenessMs: 86_400_000, maxCount: 100 },
});

function uidOf(index: number): string {
  const hex = sha256(`job ${index}`);
  const time = (START + Math.floor(index / 10)).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

function jobAt(index: number, at: number, definition: JobDefinition): Job {
  const uid = uidOf(index);
  return {
    tenantId: "default",
    uid,
    id: `job_${uid}`,
    version: 1,
    definitionHash: definitionHash(sha256, definition),
    definition,
    slot: slotOf(uid),
    state: "active",
    nextRunAt: at,
    lastScheduledFor: null,
    firedCount: 0,
    misfires: null,
    status: "pending",
    lastRun: null,
    createdAt: START,
    updatedAt: START,
  };
}

async function addJobs(store: Store, make: (index: number) => Job): Promise<void> {
  for (let from = 0; from < jobs; from += 1_000) {
    const some = Array.from({ length: Math.min(1_000, jobs - from) }, (_, offset) => make(from + offset));
    const events = some.map((job) => jobEvent("JobCreated", job));
    await Promise.all(some.map((job, index) => store.jobs.create("default", { job, event: events[index]! })));
    await store.outbox.sent(events.map(({ id }) => id));
  }
}

const spin = (us: number): void => {
  const until = performance.now() + us / 1_000;
  while (performance.now() < until);
};

/** A batch of jobs from due to announced. */
async function live(store: Store, due: readonly Job[], { now, once }: { now: number; once: boolean }): Promise<void> {
  const token = sha256(`${now} ${due[0]!.uid}`).slice(0, 22);
  const fires = due.map((job): Fire => {
    const at = job.nextRunAt!;
    return {
      job,
      advance: {
        nextRunAt: once ? null : at + EVERY_MS,
        lastScheduledFor: at,
        firedCount: job.firedCount + 1,
        misfires: null,
        state: once ? "finished" : "active",
      },
      entries: [
        {
          cause: "schedule",
          scheduledFor: at,
          count: 1,
          scheduledForLast: null,
          state: "due",
          reason: null,
          key: null,
          definitionHash: job.definitionHash,
          retryOf: null,
        },
      ],
    };
  });
  const claimed = fires.map((_, index) => index);
  const { outcomes } = await store.dueJobs.fire({ fires, now, claimant: { executor: "bench", token, leaseMs: 15_000 }, claimed });
  spin(busyUs * due.length);
  const claims = outcomes.map((outcome, index): ClaimedRun => {
    if (outcome.kind !== "won" || !outcome.runs[0]!.claimed) throw new Error("a fire was lost");
    const job = due[index]!;
    const run = firstDueRun(job, { runId: outcome.runs[0]!.runId, cause: "schedule", scheduledFor: job.nextRunAt! });
    return { run, token, leaseMs: null, startedAt: now };
  });
  const settled = await store.claims.settle({
    settlements: claims.map(({ run }) => ({ runId: run.runId, token, result: { kind: "succeeded", output: null }, finishedAt: now + 5 })),
    now: now + 5,
  });
  const ended = settled.map((outcome) => {
    if (outcome.kind !== "ended") throw new Error(`a settlement was ${outcome.kind}`);
    return outcome.run;
  });
  await Promise.all([
    store.announcements.announced(ended.map(({ runId }) => runId)),
    store.status.apply(
      ended.map(({ tenantId, jobUid, runId, state, scheduledFor, startedAt, finishedAt, attempt, error }) => ({
        tenantId,
        jobUid,
        lastRun: { runId, state, scheduledFor, startedAt, finishedAt, attempt, error },
      })),
    ),
  ]);
}

/** All that is due by `until`, in batches, some at once. Returns how many runs that were. */
async function drain(store: Store, { until, once }: { until: number; once: boolean }): Promise<number> {
  let runs = 0;
  let after: { nextRunAt: number; uid: string } | null = null;
  const inFlight = new Set<Promise<void>>();
  for (;;) {
    const page: readonly Job[] = await store.dueJobs.upcoming({ slots: ALL_SLOTS, until, after, limit: 2_000 });
    const last = page.at(-1);
    if (last === undefined) break;
    after = { nextRunAt: last.nextRunAt!, uid: last.uid };
    for (let from = 0; from < page.length; from += batch) {
      if (inFlight.size >= flights) await Promise.race(inFlight);
      const flight: Promise<void> = live(store, page.slice(from, from + batch), { now: until, once }).then(
        () => void inFlight.delete(flight),
      );
      inFlight.add(flight);
    }
    runs += page.length;
  }
  await Promise.all(inFlight);
  return runs;
}

/** Nanoseconds each thread of this process has spent on a processor, by the thread's name. Linux alone tells. */
function threadTimes(): Map<string, number> {
  const times = new Map<string, number>();
  try {
    for (const task of readdirSync("/proc/self/task")) {
      const name = readFileSync(`/proc/self/task/${task}/comm`, "utf8").trim();
      const kind =
        name === "node" || name === "MainThread" ? "main" : name === "store" || name.startsWith("WorkerThread") ? "store" : "others";
      times.set(kind, (times.get(kind) ?? 0) + Number(readFileSync(`/proc/self/task/${task}/schedstat`, "utf8").split(" ")[0]));
    }
  } catch {
    // Another system: wall time must do.
  }
  return times;
}

/** Wall time beside the time on a processor, which other work on the machine does not distort. */
async function timed(what: string, work: () => Promise<number>): Promise<void> {
  const [startedAt, before] = [performance.now(), threadTimes()];
  const count = await work();
  const ms = performance.now() - startedAt;
  const cpu = [...threadTimes()].map(([kind, ns]) => `${kind} ${((ns - (before.get(kind) ?? 0)) / 1_000 / count).toFixed(1)}`);
  const rate = Math.round((count / ms) * 1_000).toLocaleString("en");
  console.log(
    `${what.padEnd(36)} ${rate.padStart(9)}/s  ${((ms / count) * 1_000).toFixed(1).padStart(7)} us each; us of cpu: ${cpu.join(", ")}`,
  );
}

const dir = mkdtempSync(join(values.dir, "tickline-micro-"));
const file = (name: string): string => join(dir, `${name}.db`);

async function benchOneShot(): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const store = await openSqliteStore({ file: file(`once-${round}`), digest: sha256 });
    const schedule: JobDefinition["schedule"] = { kind: "at", at: START, startAt: null, endAt: null, maxRuns: null } as never;
    await timed("create", async () => {
      await addJobs(store, (index) => jobAt(index, START, definitionOf(`job ${index}`, schedule)));
      return jobs;
    });
    await timed("one-shot lives", () => drain(store, { until: START, once: true }));
    await store.close();
  }
}

async function benchRecurring(): Promise<void> {
  const store = await openSqliteStore({ file: file("recurring"), digest: sha256 });
  const schedule: JobDefinition["schedule"] = { kind: "every", everyMs: EVERY_MS, startAt: null, endAt: null, maxRuns: null };
  // Spread over their period as hashes are: each batch touches jobs all over the file.
  const phase = (index: number): number => Number.parseInt(sha256(`phase ${index}`).slice(0, 8), 16) % EVERY_MS;
  await addJobs(store, (index) => jobAt(index, START + phase(index), definitionOf(`job ${index}`, schedule)));
  for (let round = 0; round < rounds; round += 1) {
    await timed("recurring lives", async () => {
      let runs = 0;
      const from = START + round * EVERY_MS;
      for (let until = from; until < from + EVERY_MS; until += 250) runs += await drain(store, { until, once: false });
      return runs;
    });
  }
  await store.close();
}

async function benchWaiting(): Promise<void> {
  const store = await openSqliteStore({ file: file("waiting"), digest: sha256 });
  const schedule: JobDefinition["schedule"] = { kind: "every", everyMs: EVERY_MS, startAt: null, endAt: null, maxRuns: null };
  await addJobs(store, (index) => jobAt(index, START, definitionOf(`job ${index}`, schedule)));
  const claimant = { executor: "bench", token: "token", leaseMs: 15_000 };
  await timed("fired, published, claimed, settled", async () => {
    let after: { nextRunAt: number; uid: string } | null = null;
    for (;;) {
      const page: readonly Job[] = await store.dueJobs.upcoming({ slots: ALL_SLOTS, until: START, after, limit: 500 });
      const last = page.at(-1);
      if (last === undefined) break;
      after = { nextRunAt: last.nextRunAt!, uid: last.uid };
      const fires = page.map((job): Fire => {
        const advance = { nextRunAt: START + EVERY_MS, lastScheduledFor: START, firedCount: 1, misfires: null, state: "active" as const };
        const common = { count: 1, scheduledForLast: null, reason: null, key: null, retryOf: null };
        const entry = {
          ...common,
          cause: "schedule" as const,
          scheduledFor: START,
          state: "due" as const,
          definitionHash: job.definitionHash,
        };
        return { job, advance, entries: [entry] };
      });
      await store.dueJobs.fire({ fires, now: START, claimant: null, claimed: [] });
    }
    let runs = 0;
    for (;;) {
      const due = await store.dueRuns.publishable({ slots: ALL_SLOTS, queue: "default", limit: 500 });
      if (due.length === 0) return runs;
      const publications = due.map(({ runId, attempt }) => ({ runId, attempt }));
      const published = store.dueRuns.published({ runs: publications, now: START, repeatMs: 10_000, repeatMsMax: 300_000 });
      const won = await store.claims.claim({ runs: due, claimant, now: START, firedAfter: 0 });
      if (won.some(({ kind }) => kind !== "won")) throw new Error("a claim was lost");
      await published;
      await store.claims.settle({
        settlements: due.map(({ runId }) => ({
          runId,
          token: "token",
          result: { kind: "succeeded", output: null },
          finishedAt: START + 5,
        })),
        now: START + 5,
      });
      await store.announcements.announced(due.map(({ runId }) => runId));
      runs += due.length;
    }
  });
  await store.close();
}

async function benchReads(): Promise<void> {
  const store = await openSqliteStore({ file: file("recurring"), digest: sha256 });
  const page = await store.dueJobs.upcoming({ slots: ALL_SLOTS, until: START + 100 * EVERY_MS, after: null, limit: 2_000 });
  const pick = (index: number): Job => page[(index * 7_919) % page.length]!;
  const repeat = (times: number, read: (index: number) => Promise<unknown>) => async (): Promise<number> => {
    for (let index = 0; index < times; index += 1) await read(index);
    return times;
  };
  const history = await store.runs.list("default", { limit: 200, cursor: null });
  for (let round = 0; round < 2; round += 1) {
    await timed(
      "read: job by id",
      repeat(20_000, (index) => store.jobs.get("default", pick(index).id)),
    );
    await timed(
      "read: list of 50 jobs",
      repeat(1_000, () => store.jobs.list("default", { limit: 50, cursor: null })),
    );
    await timed(
      "read: 10 runs of a job",
      repeat(5_000, (index) => store.runs.list("default", { jobUid: pick(index).uid, limit: 10, cursor: null })),
    );
    await timed(
      "read: list of 50 runs",
      repeat(1_000, () => store.runs.list("default", { limit: 50, cursor: null })),
    );
    await timed(
      "read: run by id",
      repeat(20_000, (index) => store.runs.get("default", history.items[index % history.items.length]!.runId)),
    );
    await timed(
      "read: failed runs (there are none)",
      repeat(2, () => store.runs.list("default", { state: "failed", limit: 50, cursor: null })),
    );
    await timed(
      "read: jobs by a tag nobody has",
      repeat(2, () => store.jobs.list("default", { tags: ["none"], limit: 50, cursor: null })),
    );
  }
  await store.close();
}

async function benchOpen(): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const before = process.memoryUsage().rss;
    const startedAt = performance.now();
    const store = await openSqliteStore({ file: file("recurring"), digest: sha256 });
    const ms = performance.now() - startedAt;
    const first = performance.now();
    await store.dueJobs.upcoming({ slots: ALL_SLOTS, until: START + 100 * EVERY_MS, after: null, limit: 1 });
    const firstMs = performance.now() - first;
    const grown = (process.memoryUsage().rss - before) / 1_048_576;
    console.log(
      `open with ${jobs.toLocaleString("en")} jobs ${ms.toFixed(0)} ms, first read ${firstMs.toFixed(0)} ms, ${grown.toFixed(0)} MB more`,
    );
    await store.close();
  }
}

try {
  if (wanted.has("one-shot")) await benchOneShot();
  if (wanted.has("recurring") || wanted.has("reads") || wanted.has("open")) await benchRecurring();
  if (wanted.has("waiting")) await benchWaiting();
  if (wanted.has("reads")) await benchReads();
  if (wanted.has("open")) await benchOpen();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
