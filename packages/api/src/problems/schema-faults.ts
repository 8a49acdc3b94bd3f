import { didYouMean, findSlip } from "@tickline/shared/domain/spelling/did-you-mean";
import type { z } from "zod";
import type { Fault } from "./problem.ts";
import { quote } from "./quote.ts";
import { fieldsAt } from "./schema-fields.ts";

type Issue = z.core.$ZodIssue;

/** RFC 6901: `~` and `/` in a name are escaped. */
export const toPointer = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** Messages for the faults for which schemas have none, all in the form "must be …". */
export const sayFault: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === "invalid_type") return issue.input === undefined ? "is required" : `must be ${typeName(issue.expected)}`;
  if (issue.code === "too_small") return `must ${bound(issue.origin, "at least", issue.minimum)}`;
  if (issue.code === "too_big") return `must ${bound(issue.origin, "at most", issue.maximum)}`;
  return issue.code === "invalid_value" ? sayValues(issue.input, issue.values) : undefined;
};

function sayValues(given: unknown, options: readonly unknown[]): string {
  const values = options.map((value) => JSON.stringify(value)).join(", ");
  const meant = findSlip(
    typeof given === "string" ? given : "",
    options.filter((value) => typeof value === "string"),
  );
  return `must be ${options.length > 1 ? "one of " : ""}${values}${meant === null ? "" : `: did you mean ${JSON.stringify(meant)}?`}`;
}

/** The name of a type in a message. */
export const typeName = (type: string): string => NAMES[type] ?? `of type ${type}`;

const NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  integer: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
  null: "null",
};

function bound(origin: string, side: "at least" | "at most", limit: number | bigint): string {
  if (origin === "string") return `have ${side} ${plural(limit, "character")}`;
  if (origin === "array") return `have ${side} ${plural(limit, "item")}`;
  return `be ${side} ${limit}`;
}

const plural = (count: number | bigint, noun: string): string => `${count} ${noun}${Number(count) === 1 ? "" : "s"}`;

/** `fields`: the fields that exist at that place. */
export type SayUnknown = (name: string, fields: readonly string[]) => Omit<Fault, "pointer">;

export interface FaultWords {
  /** The schema that refused the value. */
  readonly schema: z.core.$ZodType;
  /** Makes the fault of an unknown field at the top. */
  readonly unknown?: SayUnknown;
}

/** The faults for the client: one for each place, unknown fields by name. */
export const schemaFaults = (issues: readonly Issue[], words: FaultWords): Fault[] => issues.flatMap((issue) => toFaults(issue, [], words));

function toFaults(issue: Issue, above: readonly PropertyKey[], words: FaultWords): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.input === undefined && MAY_BE_ABSENT.has(issue.code))
    return [{ pointer: toPointer(path), code: "required", message: "is required" }];
  if (issue.code === "unrecognized_keys") {
    const say = path.length === 0 ? (words.unknown ?? unknownField) : unknownField;
    const fields = fieldsAt(words.schema, path);
    return issue.keys.map((key) => ({ pointer: toPointer([...path, key]), ...unknownAt(issue, key, (name) => say(name, fields)) }));
  }
  const kind = discriminatorOf(issue);
  if (kind !== null && kind.given === undefined) return [{ pointer: toPointer(path), code: "required", message: "is required" }];
  if (kind !== null) return [{ pointer: toPointer(path), code: "invalid_value", message: sayValues(kind.given, kind.options) }];
  if (issue.code === "invalid_union" && issue.message === "Invalid input") {
    return meantOption(issue.errors).flatMap((inner) => toFaults(inner, path, words));
  }
  return [{ pointer: toPointer(path), code: toCode(issue), message: issue.message }];
}

/** The field that says which option of a union is meant, as it was given, where it says none. */
function discriminatorOf(issue: Issue): { readonly given: unknown; readonly options: readonly unknown[] } | null {
  const { discriminator, options } = issue as { readonly discriminator?: unknown; readonly options?: unknown };
  if (issue.code !== "invalid_union" || typeof discriminator !== "string" || !Array.isArray(options)) return null;
  return { given: (Object(issue.input) as Readonly<Record<string, unknown>>)[discriminator], options };
}

/** Issues that zod reports for a missing value. */
const MAY_BE_ABSENT: ReadonlySet<string> = new Set(["invalid_type", "invalid_value", "invalid_union", "custom"]);

/** The faults of the option of a union that is closest to the value. */
function meantOption(options: readonly (readonly Issue[])[]): readonly Issue[] {
  const distance = (issues: readonly Issue[]): number =>
    Math.max(...issues.map(({ code, path }) => (path.length > 0 ? 0 : code === "invalid_type" ? 2 : code === "invalid_value" ? 1 : 0)));
  return options.toSorted((left, right) => distance(left) - distance(right))[0] ?? [];
}

/** A schema's own message is kept, because it is more precise. */
const unknownAt = (issue: Issue, key: string, unknown: (name: string) => Omit<Fault, "pointer">): Omit<Fault, "pointer"> =>
  issue.message.startsWith("Unrecognized key") ? unknown(key) : { code: "unknown_field", message: issue.message };

export const unknownField: SayUnknown = (name, fields) => ({
  code: "unknown_field",
  // Another option of a union may have the field.
  message: `there is no field ${quote(name)} here${didYouMean(
    name,
    fields.filter((field) => field !== name),
  )}`,
});

const toCode = (issue: Issue): string =>
  issue.code !== "custom" ? issue.code : typeof issue.params?.["code"] === "string" ? issue.params["code"] : "invalid_value";
