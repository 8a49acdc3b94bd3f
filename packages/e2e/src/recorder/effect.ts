/** One call of a target, as the recorder saw it: the only witness of what Tickline did that is not Tickline. */
export interface Effect {
  /** Place in the order of arrival, from 0. */
  readonly order: number;
  readonly runId: string;
  readonly jobId: string;
  readonly attempt: number;
  /** Epoch milliseconds, as are all times here. */
  readonly scheduledFor: number;
  /** Names the definition that was used: the driver writes another one into the params with each edit. */
  readonly mark: string;
  readonly startedAt: number;
  /** Null while it is under way. */
  readonly endedAt: number | null;
  /** `aborted`: the caller went away before it was answered. */
  readonly outcome: "open" | "answered" | "aborted";
  /** HTTP status that was answered. */
  readonly status: number | null;
}

/** A line of the file: written before anything is answered, so that what the target did is on record whatever comes. */
export type EffectLine =
  | ({ readonly line: "start" } & Pick<Effect, "order" | "runId" | "jobId" | "attempt" | "scheduledFor" | "mark" | "startedAt">)
  | ({ readonly line: "end" } & Pick<Effect, "order" | "endedAt" | "outcome" | "status">);

/** The effects that a file of lines tells of, in order of arrival. A last line that was cut off is left out. */
export function parseEffects(text: string): Effect[] {
  const effects = new Map<number, Effect>();
  const lines = text.split("\n");
  lines.pop();
  for (const json of lines) {
    const line = JSON.parse(json) as EffectLine; // Only the recorder writes this file.
    if (line.line === "start") {
      const { line: _, ...start } = line;
      effects.set(line.order, { ...start, endedAt: null, outcome: "open", status: null });
    } else {
      const started = effects.get(line.order);
      if (started !== undefined) effects.set(line.order, { ...started, endedAt: line.endedAt, outcome: line.outcome, status: line.status });
    }
  }
  return [...effects.values()];
}
