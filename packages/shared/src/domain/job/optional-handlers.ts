/** Built-in handlers that an executor offers only when a setting says so, and how to get them. The api says it to whoever names one in vain. */
export const OPTIONAL_HANDLERS: ReadonlyMap<string, string> = new Map([
  ["command", "an executor has it when it is started with --allow-commands (ALLOW_COMMANDS)"],
  ["email", "an executor has it when it is given a mail server (SMTP_URL)"],
]);
