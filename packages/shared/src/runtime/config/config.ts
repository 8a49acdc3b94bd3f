import { z } from "zod";
import { AppError } from "../../domain/app-error.ts";

/** One setting: how it is named, read, explained and defaulted, in one place. */
export interface ConfigKey<Value> {
  /** The environment variable. */
  readonly env: string;
  /** The command-line option without dashes; null: environment only. */
  readonly flag: string | null;
  /** The name of the option's value in `--help`; empty: the option has no value, and is `true` when given. In brackets: the value may be left out. */
  readonly placeholder: string;
  /** The default, as a person would write it; null: none. */
  readonly fallback: string | null;
  /** Turns the text into the value; its messages say what to write instead. */
  readonly schema: z.ZodType<Value, string | undefined>;
  /** Meaning, unit and why, in one or two sentences. */
  readonly description: string;
}

/** Gives a setting the type of its schema. */
export const defineSetting = <Value>(definition: ConfigKey<Value>): ConfigKey<Value> => definition;

export type ConfigTable = Readonly<Record<string, ConfigKey<unknown>>>;
export type ConfigOf<Table extends ConfigTable> = {
  readonly [Name in keyof Table]: Table[Name] extends ConfigKey<infer Value> ? Settled<Value> : never;
};
/** Read-only: configuration is not changed after it is read. */
type Settled<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value;

/** The values of all settings where none is given. For tables in which none has to be. */
export const readDefaults = <Table extends ConfigTable>(table: Table): ConfigOf<Table> => readConfig(table, { env: {}, flags: {} });

/** Those values that are settings of the table, and are given. */
export function pickSettings<Table extends ConfigTable>(
  table: Table,
  from: { readonly [Name in keyof Table]?: ConfigOf<Table>[Name] | undefined },
): Partial<ConfigOf<Table>> {
  const given = Object.keys(table).flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]] as const]));
  return Object.fromEntries(given) as Partial<ConfigOf<Table>>;
}

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Options of the command line by `flag`; they win over the environment. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

/** Reads all settings at once. Throws `bad_config` with every fault, each naming the option and the variable. */
export function readConfig<Table extends ConfigTable>(table: Table, { env, flags }: ConfigSources): ConfigOf<Table> {
  const faults: string[] = [];
  const entries = Object.entries(table).map(([name, key]) => {
    const flagged = key.flag === null ? undefined : flags[key.flag];
    // An empty variable counts as not set: compose files pass unset variables so.
    const text = flagged ?? (env[key.env] || undefined) ?? key.fallback ?? undefined;
    const parsed = key.schema.safeParse(text);
    if (!parsed.success) {
      const where = flagged === undefined ? key.env : `--${key.flag}`;
      for (const issue of parsed.error.issues) faults.push(`${where}=${withoutPassword(text ?? "")}: ${issue.message}`);
    }
    return [name, parsed.data];
  });
  if (faults.length > 0) throw new AppError("bad_config", `the configuration is not usable:\n  ${faults.join("\n  ")}`);
  return Object.fromEntries(entries) as ConfigOf<Table>; // Each value was parsed by the schema of its own key.
}

/** Faults of a URL are reported without the user and password in it. */
const withoutPassword = (text: string): string => text.replace(/\/\/[^/]*@/, "//***@");

/** A whole number between two bounds, both allowed. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

/** The table as lines of `.env.example`: each setting, its meaning, and its default commented out. */
export const envExample = (table: ConfigTable): string =>
  Object.values(table)
    .map(({ env, fallback, description }) => `# ${description}\n#${env}=${fallback ?? ""}\n`)
    .join("\n");

/** The table as rows of a Markdown table. */
export const configDocs = (table: ConfigTable): string =>
  [
    "| variable | option | default | meaning |",
    "| --- | --- | --- | --- |",
    ...Object.values(table).map(
      ({ env, flag, placeholder, fallback, description }) =>
        `| \`${env}\` | ${flag === null ? "" : `\`--${`${flag} ${placeholder}`.trim()}\``} | ${fallback === null ? "" : `\`${fallback}\``} | ${description} |`,
    ),
  ].join("\n");
