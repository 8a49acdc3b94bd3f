import { AppError } from "../../domain/app-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { findAccessFault, type AccessFault } from "./access-fault.ts";
import { readConfig, type ConfigOf, type ConfigTable } from "../../runtime/config/config.ts";
import { within } from "../../runtime/within.ts";

/** The check of one server, by its own settings, so that a fault in one hides no other. */
export interface ServerCheck<Table extends ConfigTable = ConfigTable> {
  /** The variable with the address of the server. */
  readonly variable: string;
  readonly server: string;
  readonly table: Table;
  /** Returns what was found; null: it is not set, and need not be. Throws a fault of the server. */
  readonly look: (config: ConfigOf<Table>) => Promise<string | null>;
  /** What the services do without the variable. */
  readonly without: string;
  /** What to change when the server refuses the login, or its certificate is not trusted: the variables and what of them. */
  readonly access: Readonly<Record<Exclude<AccessFault, "host">, string>>;
}

export interface Finding {
  readonly variable: string;
  readonly kind: "ok" | "not set" | "fails";
  readonly text: string;
}

export interface DoctorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** A server that has not answered by then is unavailable. */
  readonly answerMs: number;
}

export const serverCheck = <Table extends ConfigTable>(check: ServerCheck<Table>): ServerCheck => check as unknown as ServerCheck; // Each is given the settings of its own table.

/** Checks all servers at once. */
export const examine = (checks: readonly ServerCheck[], options: DoctorOptions): Promise<readonly Finding[]> =>
  Promise.all(checks.map((check) => examineOne(check, options)));

async function examineOne(check: ServerCheck, { env, clock, answerMs }: DoctorOptions): Promise<Finding> {
  const { variable, table, look, without } = check;
  const late = (): Error => new Error(`no answer within ${answerMs} ms`);
  try {
    const found = await within(look(readConfig(table, { env, flags: {} })), { clock, ms: answerMs, late });
    return found === null ? { variable, kind: "not set", text: without } : { variable, kind: "ok", text: found };
  } catch (fault) {
    return { variable, kind: "fails", text: advise(fault, check) };
  }
}

function advise(fault: unknown, { variable, server, access }: ServerCheck): string {
  const message = fault instanceof Error ? fault.message : String(fault);
  if (fault instanceof AppError && fault.code === "bad_config") return message.replace(/^the configuration is not usable:\s*/, "");
  const kind = findAccessFault(fault);
  switch (kind) {
    case "login":
      return `${message}\n  It refuses the login: change ${access.login}.`;
    case "trust":
      return `${message}\n  Its certificate is signed by an authority that is not trusted here: ${access.trust}.`;
    case "host":
      return `${message}\n  Its certificate is for another host: name that host in ${variable}.`;
    case null:
      return `${message}\n  Start ${server} there, or change ${variable}.`;
  }
}

/** One line a server, with what to do below it where something is wrong. */
export const formatReport = (findings: readonly Finding[]): string =>
  findings
    .map(({ variable, kind, text }) => `${kind.padEnd(8)}${variable.padEnd(14)}${text.replaceAll("\n", `\n${" ".repeat(20)}`)}\n`)
    .join("");
