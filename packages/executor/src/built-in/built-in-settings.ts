import { defineSetting } from "@tickline/shared/runtime/config/config";
import { AllowedCommandsSchema } from "./command/allowed-commands.ts";

/** The settings of the built-in handlers in every process that runs them. */
export const BUILT_IN_OPTIONS = {
  allowCommands: defineSetting({
    env: "ALLOW_COMMANDS",
    flag: "allow-commands",
    placeholder: "[PROGRAMS]",
    fallback: null,
    schema: AllowedCommandsSchema,
    description:
      "Lets jobs start programs with the handler `command`: `any`, or the allowed programs, separated by commas, as names or absolute paths. Whoever may create jobs can then run these programs as the user of this process.",
  }),
};
