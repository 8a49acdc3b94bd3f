import { toIso } from "@tickline/shared/domain/time/instant";
import { parseInstant } from "@tickline/shared/domain/schedule/calendar/iso-time";
import { instantsAfter } from "@tickline/shared/domain/schedule/next-instant";
import { InstantText, read } from "@tickline/shared/domain/schedule/input/schedule-fields";
import { ScheduleInput } from "@tickline/shared/domain/schedule/input/schedule-input";
import { scheduleNotes } from "@tickline/shared/domain/schedule/schedule-notes";
import { ScheduleView, showSchedule } from "@tickline/shared/domain/schedule/schedule-view";
import { showZoneTime, scheduleZone } from "@tickline/shared/domain/schedule/zone/zone-time";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { bodyRoute, noQuery, type Route } from "../http/route.ts";
import { beginsAfter, neverFires } from "./first-instant.ts";
import { InstantView } from "../views/instant-view.ts";

/** Largest number of instants in one preview. */
export const PREVIEW_COUNT_MAX = 100;

const PreviewRequest = z
  .strictObject({
    schedule: ScheduleInput,
    from: InstantText.transform(read(parseInstant))
      .optional()
      .meta({ description: "The first instant that may be shown, and the starting point of an interval without `startAt`. Default: now." }),
    count: z.int().min(1).max(PREVIEW_COUNT_MAX).default(5),
  })
  .meta({ id: "PreviewRequest" });

const Preview = z
  .object({
    schedule: ScheduleView,
    next: z.array(InstantView).min(1).meta({ description: "Fewer than requested if the schedule ends before." }),
    nextLocal: z.array(z.iso.datetime({ precision: 3, offset: true })).meta({
      description: "The same instants in the time zone of the schedule, with its offset; in UTC if it has none.",
      examples: [["2026-12-01T10:00:00.000+01:00"]],
    }),
    notes: z.array(z.string()).meta({ description: "Behaviour that may be unexpected: skipped months, clock changes." }),
  })
  .meta({ id: "Preview" });

/** `POST /schedules/preview` */
export const previewScheduleRoute = ({ clock }: ApiContext): Route =>
  bodyRoute({
    method: "post",
    path: "/schedules/preview",
    query: noQuery,
    body: { schema: PreviewRequest, example: { schedule: "every monday at 09:00 Europe/Berlin", count: 5 } },
    docs: {
      operationId: "previewSchedule",
      tag: "Schedules",
      summary: "The next instants of a schedule",
      description: "Refused if a job with this schedule, created at `from`, would be refused.",
      responses: { 200: { description: "The schedule in full, and its next instants.", schema: Preview } },
      problems: ["schedule_never_fires"],
    },
    handle({ body: { schedule, from, count } }) {
      const madeAt = from ?? clock.now();
      const definition = { schedule, anchorAt: madeAt };
      const begins = beginsAfter(definition, madeAt);
      const problem = neverFires(definition, begins);
      if (problem !== null) return problem;
      const shown = schedule.maxRuns === null ? count : Math.min(count, schedule.maxRuns);
      // A job that is created now does not fire now. With `from`, an instant equal to `from` is shown.
      const after = from === undefined ? begins : Math.min(from - 1, begins);
      const next = instantsAfter(schedule, { anchorAt: madeAt, after, count: shown });
      const nextLocal = next.map((instant) => showZoneTime(scheduleZone(schedule), instant));
      return json(200, { schedule: showSchedule(schedule), next: next.map(toIso), nextLocal, notes: scheduleNotes(schedule, next) });
    },
  });
