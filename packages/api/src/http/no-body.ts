import { z } from "zod";
import type { BodySpec } from "./route.ts";

/** For a POST that says all in its path: an empty object may come, and nothing else. */
export const noBody: BodySpec<Record<string, never>> = { schema: z.strictObject({}), example: {}, ifAbsent: {} };
