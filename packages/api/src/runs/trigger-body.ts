import { PARAMS_BYTES_MAX } from "@tickline/shared/domain/job-definition";
import { jsonBytes, JsonObjectSchema, type JsonObject } from "@tickline/shared/domain/json";
import { z } from "zod";
import type { BodySpec } from "../http/route.ts";

/** What may be said with *trigger now*. */
export const triggerBody: BodySpec<{ readonly params?: JsonObject | undefined }> = {
  schema: z
    .strictObject({
      params: JsonObjectSchema.refine(
        (params) => jsonBytes(params) <= PARAMS_BYTES_MAX,
        `must be at most ${PARAMS_BYTES_MAX} bytes of JSON`,
      )
        .optional()
        .meta({ description: "Instead of the job's own, for this run alone." }),
    })
    .meta({ id: "Trigger" }),
  example: { params: { url: "http://127.0.0.1:8080/" } },
  ifAbsent: {},
};
