import { toIso } from "@tickline/shared/domain/instant";
import { parseInstant } from "@tickline/shared/domain/schedule/iso-time";
import { instantsAfter } from "@tickline/shared/domain/schedule/next-instant";
import { read } from "@tickline/shared/domain/schedule/schedule-fields";
import { ScheduleInput } from "@tickline/shared/domain/schedule/schedule";
import { scheduleNotes } from "@tickline/shared/domain/schedule/schedule-notes";
import { ScheduleView, showSchedule } from "@tickline/shared/domain/schedule/schedule-view";
import { z } from "zod";
import type { ApiContext } from "../api-context.ts";
import { json } from "../http/answer.ts";
import { noQuery } from "../http/list-query.ts";
import { bodyRoute, type Route } from "../http/route.ts";
import { InstantView } from "../views/instant-view.ts";

/** Instants that one preview shows at most. */
export const PREVIEW_COUNT_MAX = 100;

const PreviewRequest = z
  .strictObject({
    schedule: ScheduleInput,
    from: z
      .string()
      .max(200)
      .transform(read(parseInstant))
      .optional()
      .meta({ description: "The first instant that may be shown, and where an interval without `startAt` counts from. Default: now." }),
    count: z.int().min(1).max(PREVIEW_COUNT_MAX).default(5),
  })
  .meta({ id: "PreviewRequest" });

const Preview = z
  .object({
    schedule: ScheduleView,
    next: z.array(InstantView).meta({ description: "Fewer than asked for when it ends before." }),
    notes: z.array(z.string()).meta({ description: "What a person may not expect of it: months skipped, changes of the clock." }),
  })
  .meta({ id: "Preview" });

export const scheduleRoutes = ({ clock }: ApiContext): Route[] => [
  bodyRoute({
    method: "post",
    path: "/schedules/preview",
    query: noQuery,
    body: { schema: PreviewRequest, example: { schedule: "every monday at 09:00 Europe/Berlin", count: 5 } },
    docs: {
      operationId: "previewSchedule",
      tag: "Schedules",
      summary: "What a schedule means",
      responses: { 200: { description: "The schedule in full, and its next instants.", schema: Preview } },
      problems: [],
    },
    handle({ body: { schedule, from = clock.now(), count } }) {
      const shown = schedule.maxRuns === null ? count : Math.min(count, schedule.maxRuns);
      const next = instantsAfter(schedule, { anchorAt: from, after: from - 1, count: shown });
      return json(200, { schedule: showSchedule(schedule), next: next.map(toIso), notes: scheduleNotes(schedule, next) });
    },
  }),
];
