import { Command } from "commander";
import { readConfig, type ConfigTable } from "@tickline/shared/runtime/config/config";
import { STANDALONE_CONFIG, type StandaloneConfig } from "./config.ts";

/** Where a command line may end instead of starting the service: `--help`, or a word it does not know. */
export type CommandLine = { readonly kind: "start"; readonly config: StandaloneConfig } | { readonly kind: "exit"; readonly code: number };

/** Reads options and environment. Throws `bad_config` with every unusable value at once. */
export function readCommandLine(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): CommandLine {
  const command = createCommand(STANDALONE_CONFIG);
  let code: number | null = null;
  command.exitOverride((stop) => {
    code = stop.exitCode;
    throw stop;
  });
  try {
    command.parse(argv, { from: "user" });
  } catch (stop) {
    if (code !== null) return { kind: "exit", code };
    throw stop;
  }
  const flags = Object.fromEntries(
    command.options.map((option) => [option.name(), toText(command.getOptionValue(option.attributeName()))]),
  );
  return { kind: "start", config: readConfig(STANDALONE_CONFIG, { env, flags }) };
}

/** An option without a value is `true`. */
const toText = (value: unknown): string | undefined => (value === true ? "true" : (value as string | undefined));

function createCommand(table: ConfigTable): Command {
  const command = new Command("tickline")
    .description("Tickline in one process: the api, the scheduler and the executor over a database in a folder.")
    .usage("[options]   (with npm: npm start -- [options])")
    .allowExcessArguments(false)
    .showHelpAfterError("Use --help to see all options.");
  for (const { flag, placeholder, description, fallback, env } of Object.values(table)) {
    if (flag === null) continue;
    const defaultNote = fallback === null ? "" : `, default ${fallback}`;
    command.option(optionSyntax(flag, placeholder), `${description} (env ${env}${defaultNote})`);
  }
  return command.addHelpText("after", `\nEnvironment only:\n${environmentOnly(table)}`);
}

/** A placeholder in brackets: the value may be left out, and is `true` then. */
function optionSyntax(flag: string, placeholder: string): string {
  if (placeholder === "") return `--${flag}`;
  return `--${flag} ${placeholder.startsWith("[") ? placeholder : `<${placeholder}>`}`;
}

const environmentOnly = (table: ConfigTable): string =>
  Object.values(table)
    .filter(({ flag }) => flag === null)
    .map(({ env, description, fallback }) => `  ${env}: ${description}${fallback === null ? "" : ` Default ${fallback}.`}`)
    .join("\n");
