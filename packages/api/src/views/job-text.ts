import { toIso } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import { overdueOf } from "@tickline/shared/domain/job-evaluation";
import type { JobDefinition } from "@tickline/shared/domain/job-definition";
import type { LastRun, Run } from "@tickline/shared/domain/run";
import { boundedCache } from "@tickline/shared/domain/schedule/bounded-cache";
import { isStandIn } from "@tickline/shared/domain/stored-definition";
import type { Clock } from "@tickline/shared/ports/clock";
import { showDefinition, shownNextRunAt, recentRunTexts, showState, upcoming } from "./job-view.ts";
import { leftOut } from "./long-fields.ts";

/** Texts of each kind kept, in each of two generations, and the longest one, in characters: 18 MB at most, mostly far less. */
const TEXTS_MAX = 500;
const TEXT_LENGTH_MAX = 4_096;

/** Jobs as the text of their answers. The very JSON of `showJob`; a test holds them equal. */
export interface JobTexts {
  job(job: Job): string;
  /** As lists show it: without the long fields of its definition. */
  listed(job: Job): string;
  detail(job: Job, recentRuns: readonly Run[]): string;
}

/** What of a job an answer shows, and the text it made. */
interface Shown extends Pick<Job, "version" | "state" | "status" | "nextRunAt" | "lastRun"> {
  readonly unreadable: string | undefined;
  readonly overdue: boolean;
  readonly text: string;
}

/**
 * Most of an answer follows from the definition, whose hash names it, and serialising that is most of the work of a read.
 * So its text is remembered; the text of all of a job too, until something of it changes; and the instants to come,
 * which a cron line takes long to find.
 */
export function createJobTexts(clock: Pick<Clock, "now">): JobTexts {
  const whole = createMembers(clock, showDefinition);
  const absent = leftOut([]);
  const listed = createMembers(clock, (definition) => ({ ...showDefinition(definition), ...absent }));
  const instants = boundedCache<string, string>(TEXTS_MAX);

  function upcomingText(job: Job): string {
    const next = shownNextRunAt(job);
    if (next === null || job.unreadable !== undefined) return "[]";
    const key = `${job.definitionHash} ${next} ${job.firedCount}`;
    const known = instants.get(key);
    if (known !== undefined) return known;
    const text = JSON.stringify(upcoming(job).map(toIso));
    instants.set(key, text);
    return text;
  }
  return {
    job: (job) => `{${whole(job)}}`,
    listed: (job) => `{${listed(job)}}`,
    detail: (job, recentRuns) => `{${whole(job)},"upcoming":${upcomingText(job)},"recentRuns":[${recentRunTexts(recentRuns).join(",")}]}`,
  };
}

/** The JSON of jobs without its braces, as far as `show` shows their definitions. */
function createMembers(clock: Pick<Clock, "now">, show: (definition: JobDefinition) => object): (job: Job) => string {
  const definitions = boundedCache<string, string>(TEXTS_MAX);
  const jobs = boundedCache<string, Shown>(TEXTS_MAX);

  function definitionText({ definitionHash, definition }: Job): string {
    if (isStandIn(definition)) return membersOf(show(definition)); // The hash names what it stands for.
    const known = definitions.get(definitionHash);
    if (known !== undefined) return known;
    const text = membersOf(show(definition));
    if (text.length <= TEXT_LENGTH_MAX) definitions.set(definitionHash, text);
    return text;
  }
  return (job) => {
    const now = clock.now();
    const overdue = overdueOf(job, now) !== null;
    const known = jobs.get(job.uid);
    if (known !== undefined && known.overdue === overdue && isSame(known, job)) return known.text;
    const { version, state, status, nextRunAt, lastRun, unreadable } = job;
    const text = `"id":"${job.id}",${definitionText(job)},${membersOf(showState(job, now))}`;
    if (text.length <= TEXT_LENGTH_MAX) jobs.set(job.uid, { version, state, status, nextRunAt, lastRun, unreadable, overdue, text });
    return text;
  };
}

/** True when nothing that an answer shows has changed. What an edit changes, it changes together with the version. */
const isSame = (shown: Shown, job: Job): boolean =>
  shown.version === job.version &&
  shown.unreadable === job.unreadable &&
  shown.state === job.state &&
  shown.status === job.status &&
  shown.nextRunAt === job.nextRunAt &&
  isSameRun(shown.lastRun, job.lastRun);

/** What became of one attempt never changes, so its state stands for its error too. */
const isSameRun = (shown: LastRun | null, run: LastRun | null): boolean =>
  shown === run ||
  (shown !== null &&
    run !== null &&
    shown.runId === run.runId &&
    shown.attempt === run.attempt &&
    shown.state === run.state &&
    shown.startedAt === run.startedAt &&
    shown.finishedAt === run.finishedAt);

/** The JSON of an object without its braces. */
const membersOf = (value: object): string => JSON.stringify(value).slice(1, -1);
