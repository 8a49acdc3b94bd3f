/** The values that a template may name, by their whole names, such as `lastRun.state`. */
export type TemplateValues = Readonly<Record<string, unknown>>;

/** A template names a value that there is not. */
export class TemplateFault extends Error {
  override readonly name = "TemplateFault";
}

/** A name in double braces. There are no expressions. */
const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;
const NAME_LENGTH_MAX = 100;

/** Puts values in place of `{{name}}`. `encode` is applied to each value, for texts with a syntax such as URLs. Throws `TemplateFault`. */
export function fillTemplate(text: string, values: TemplateValues, encode: (value: string) => string = (value) => value): string {
  if (!text.includes("{{")) return text;
  return text.replaceAll(PLACEHOLDER, (_, name: string) => encode(toText(readValue(name, values))));
}

/** Fills the texts in a JSON value, however deep. A text that is one placeholder and nothing else becomes the value itself, of its own type. */
export function fillDeep(value: unknown, values: TemplateValues): unknown {
  if (typeof value === "string") return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fillDeep(item, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fillDeep(member, values)]));
}

function fillText(text: string, values: TemplateValues): unknown {
  const [, only] = /^\{\{\s*([^{}]*?)\s*\}\}$/.exec(text) ?? [];
  return only === undefined ? fillTemplate(text, values) : readValue(only, values);
}

function readValue(name: string, values: TemplateValues): unknown {
  if (Object.hasOwn(values, name)) return values[name];
  const shown = JSON.stringify(name.slice(0, NAME_LENGTH_MAX));
  throw new TemplateFault(`there is no value ${shown} for a template; there are ${Object.keys(values).join(", ")}`);
}

const toText = (value: unknown): string => (value === null ? "" : typeof value === "string" ? value : JSON.stringify(value));
