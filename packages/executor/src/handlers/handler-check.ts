import { HandlerTypeSchema } from "@tickline/shared/domain/job-definition";
import { AppError } from "@tickline/shared/domain/app-error";
import { z } from "zod";
import { paramsSchemaOf } from "./handler-publication.ts";
import type { Handler } from "./handler.ts";

const SHAPE = "it must be made by defineHandler({ type, params: z.object({ … }), run })";

/** What is wrong with something that ought to be a handler; empty: nothing. */
export function handlerFaults(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [`it is ${value === null ? "null" : `a ${typeof value}`}; ${SHAPE}`];
  const { type, description, params, run } = value as Partial<Record<keyof Handler, unknown>>;
  const named = HandlerTypeSchema.safeParse(type);
  const faults: string[] = [];
  if (!named.success) faults.push(`type ${JSON.stringify(type)}: ${named.error.issues.map(({ message }) => message).join("; ")}`);
  if (typeof (description ?? "") !== "string") faults.push("description must be text");
  if (typeof run !== "function") faults.push(`run must be a function; ${SHAPE}`);
  if (isSchema(params)) faults.push(...schemaFaults({ type: String(type), params }));
  else faults.push(`params must be a schema of zod 4, such as z.object({}); ${SHAPE}`);
  return faults;
}

/** By its shape, not its class: a handler may bring a zod of its own. */
const isSchema = (value: unknown): value is z.ZodType =>
  typeof value === "object" && value !== null && "_zod" in value && "safeParse" in value && typeof value.safeParse === "function";

function schemaFaults(handler: Pick<Handler, "type" | "params">): string[] {
  try {
    paramsSchemaOf(handler);
    return [];
  } catch (fault) {
    return [fault instanceof AppError ? fault.message : String(fault)];
  }
}
