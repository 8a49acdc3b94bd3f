import type { z } from "zod";
import type { Fault } from "./problem.ts";

type Issue = z.core.$ZodIssue;

/** RFC 6901: `~` and `/` in a name are escaped. */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** Sentences for the faults that schemas leave to us, all in the style "must be …", so that they read the same everywhere. */
export const sayFault: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is required" : `must be ${NAMES[issue.expected] ?? `of type ${issue.expected}`}`;
    case "too_small":
      return `must ${bound(issue.origin, "at least", issue.minimum)}`;
    case "too_big":
      return `must ${bound(issue.origin, "at most", issue.maximum)}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    default:
      return undefined;
  }
};

const NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
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

export type SayUnknown = (name: string) => Omit<Fault, "pointer">;

/** What is wrong, for the client: one fault for each place, unknown fields by name. `unknown` says what of those at the top. */
export function schemaFaults(issues: readonly Issue[], unknown: SayUnknown = unknownField): Fault[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [{ pointer: pointerOf(issue.path), code: codeOf(issue), message: issue.message }];
    return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), ...unknownAt(issue, key, unknown) }));
  });
}

function unknownAt(issue: Issue, key: string, unknown: SayUnknown): Omit<Fault, "pointer"> {
  if (issue.path.length === 0) return unknown(key);
  // A schema that says it in its own words knows more than we do.
  return issue.message.startsWith("Unrecognized key") ? unknownField(key) : { code: "unknown_field", message: issue.message };
}

export const unknownField: SayUnknown = (name) => ({
  code: "unknown_field",
  message: `there is no field ${JSON.stringify(name)} here`,
});

function codeOf(issue: Issue): string {
  if (issue.code === "custom") return typeof issue.params?.["code"] === "string" ? issue.params["code"] : "invalid_value";
  return issue.code === "invalid_type" && issue.input === undefined ? "required" : issue.code;
}
