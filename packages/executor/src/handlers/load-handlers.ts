import { readdir } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "@tickline/shared/domain/app-error";
import { HandlerTypeSchema } from "@tickline/shared/domain/job/job-definition";
import type { z } from "zod";
import { registerHandlerModules } from "./handler-modules.ts";
import type { Handler } from "./handler.ts";
import { toParamsSchema } from "./params-schema.ts";

const HANDLER_FILE = /^(?!_).*(?<!\.d|\.test)\.(?:ts|js|mjs)$/;

interface LoadedFile {
  readonly file: string;
  readonly handlers: readonly Handler[];
  readonly faults: readonly string[];
}

/**
 * Loads the handlers of a folder: the default export, one handler or a list, of every `.ts`, `.js` and `.mjs` file
 * directly in it. Tests, declarations and files that begin with `_` are left out. Throws `bad_handler` with every fault
 * of every file.
 */
export async function loadHandlers(folder: string): Promise<readonly Handler[]> {
  registerHandlerModules();
  const files = await listFiles(path.resolve(folder));
  const loaded: LoadedFile[] = [];
  for (const file of files) loaded.push(await loadFile(file)); // One after another, so that their output is in order.
  const faults = [...loaded.flatMap(({ file, faults: ofFile }) => ofFile.map((fault) => `${file}: ${fault}`)), ...findDuplicates(loaded)];
  if (faults.length > 0) throw new AppError("bad_handler", `the handlers in ${folder} are not usable:\n  ${faults.join("\n  ")}`);
  return loaded.flatMap(({ handlers }) => handlers);
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory() && HANDLER_FILE.test(entry.name)).map(({ name }) => name);
    return names.sort().map((name) => path.join(folder, name));
  } catch (fault) {
    const why = fault instanceof Error ? fault.message : String(fault);
    throw new AppError("bad_handler", `the folder of handlers cannot be read: ${why}`, { cause: fault });
  }
}

async function loadFile(file: string): Promise<LoadedFile> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    if (module.default === undefined) return { file, handlers: [], faults: ["it has no default export"] };
    const exported: readonly unknown[] = Array.isArray(module.default) ? module.default : [module.default];
    if (exported.length === 0) return { file, handlers: [], faults: ["it exports an empty list"] };
    const faults = exported.flatMap(findFaults);
    return { file, handlers: faults.length === 0 ? (exported as readonly Handler[]) : [], faults };
  } catch (fault) {
    return { file, handlers: [], faults: [describeFault(fault, file)] };
  }
}

/** Only the first line of its stack has the place of a syntax error, and not for every kind of module. */
function describeFault(fault: unknown, file: string): string {
  if (!(fault instanceof Error)) return String(fault);
  const [place = ""] = (fault.stack ?? "").split("\n");
  const line = fault instanceof SyntaxError && place.includes(path.basename(file)) ? /:(\d+)$/.exec(place)?.[1] : undefined;
  return `${line === undefined ? "" : `line ${line}: `}${fault.name}: ${fault.message}`;
}

function findDuplicates(loaded: readonly LoadedFile[]): string[] {
  const firstFiles = new Map<string, string>();
  const faults: string[] = [];
  for (const { file, handlers } of loaded) {
    for (const { type } of handlers) {
      const first = firstFiles.get(type);
      if (first === undefined) firstFiles.set(type, file);
      else faults.push(`${file}: the type ${type} is defined in ${first} already`);
    }
  }
  return faults;
}

const SHAPE = "it must be made by defineHandler({ type, params: z.object({ … }), run })";

/** Why a value is not a handler; empty: it is one. */
function findFaults(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [`it is ${value === null ? "null" : `a ${typeof value}`}; ${SHAPE}`];
  const { type, description, params, run } = value as Partial<Record<keyof Handler, unknown>>;
  const named = HandlerTypeSchema.safeParse(type);
  const faults: string[] = [];
  if (!named.success) faults.push(`type ${JSON.stringify(type)}: ${named.error.issues.map(({ message }) => message).join("; ")}`);
  if (typeof (description ?? "") !== "string") faults.push("description must be text");
  if (typeof run !== "function") faults.push(`run must be a function; ${SHAPE}`);
  if (isSchema(params)) faults.push(...findSchemaFaults({ type: String(type), params }));
  else faults.push(`params must be a schema of zod 4, such as z.object({}); ${SHAPE}`);
  return faults;
}

/** By its shape, not its class: a handler may import another zod. */
const isSchema = (value: unknown): value is z.ZodType =>
  typeof value === "object" && value !== null && "_zod" in value && "safeParse" in value && typeof value.safeParse === "function";

function findSchemaFaults(handler: Pick<Handler, "type" | "params">): string[] {
  try {
    toParamsSchema(handler);
    return [];
  } catch (fault) {
    return [fault instanceof AppError ? fault.message : String(fault)];
  }
}
