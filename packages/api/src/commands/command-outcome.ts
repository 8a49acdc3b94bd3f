import type { Instant } from "@tickline/shared/domain/time/instant";
import type { JsonValue } from "@tickline/shared/domain/json/json";
import { isCommandType, type Command } from "@tickline/shared/events/command";
import { commandAnswered, commandRefused, type CommandEnvelope, type Reply } from "@tickline/shared/events/reply";
import type { UnreadableMessage } from "@tickline/shared/ports/bus";
import type { Fault, Problem, ProblemCode } from "../problems/problem.ts";

/** Codes that no request over HTTP can get. */
export type CommandProblemCode = "command_too_old" | "bad_command_id" | "unknown_tenant" | "unreadable_command";

export interface Refusal {
  readonly kind: "refused";
  readonly code: ProblemCode | CommandProblemCode;
  readonly detail: string;
  readonly errors: readonly Fault[];
}

/** The outcome of a command. `result`: the answer of REST, without stacks. */
export type CommandOutcome =
  | { readonly kind: "answered"; readonly jobId: string; readonly runId: string | null; readonly result: JsonValue }
  | Refusal;

/** The views of the API are plain JSON. */
export const answered = (about: { readonly jobId: string; readonly runId: string | null }, view: object): CommandOutcome => ({
  kind: "answered",
  ...about,
  result: view as JsonValue,
});

export const refused = (code: Refusal["code"], detail: string): Refusal => ({ kind: "refused", code, detail, errors: [] });
export const refusedBy = ({ code, detail, errors }: Problem): Refusal => ({ kind: "refused", code, detail, errors });

export function replyTo(command: Command, outcome: CommandOutcome, now: Instant): Reply {
  if (outcome.kind === "answered") {
    const { jobId, runId, result } = outcome;
    return commandAnswered(command, { jobId, runId, result }, now);
  }
  return refusalTo(command, outcome, now);
}

/** The reply to a command whose data cannot be read; null: the message is no command. */
export function replyToUnreadable({ reason, type, ...envelope }: UnreadableMessage, now: Instant): Reply | null {
  if (!isCommandType(type)) return null;
  return refusalTo({ ...envelope, type }, refused("unreadable_command", `its data cannot be read: ${reason}`), now);
}

/** Longest text of a refusal, in characters. The sender chooses names of fields, and a reply has to fit into its topic. */
const TEXT_LENGTH_MAX = 500;
const cut = (text: string): string => (text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX - 1)}…` : text);

function refusalTo(command: CommandEnvelope, { code, detail, errors }: Refusal, now: Instant): Reply {
  const shortErrors = errors.map((fault) => ({ pointer: cut(fault.pointer), code: cut(fault.code), message: cut(fault.message) }));
  return commandRefused(command, { code, detail: cut(detail), errors: shortErrors }, now);
}
