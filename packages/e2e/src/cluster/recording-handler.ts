import { defineHandler, type Handler } from "@tickline/executor/handler";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { Target } from "../driver/job-input.ts";
import type { Effect } from "../recorder/effect.ts";
import type { TargetBehaviour } from "../recorder/target-behaviour.ts";

export interface RecordedEffect extends Effect {
  readonly executor: string;
}

export interface EffectLog {
  readonly effects: RecordedEffect[];
  /** The handler for one executor; all of them write into the one log. */
  createHandler(executor: string): Handler;
  readonly target: Target;
}

const BehaviourSchema = z.strictObject({ mark: z.string(), slowMs: z.int(), failUntil: z.int(), failStatus: z.int() });

/** For services in one process with the test, where nothing is killed: the handler itself is the recorder. */
export function createEffectLog(): EffectLog {
  const effects: RecordedEffect[] = [];

  return {
    effects,
    createHandler: (executor) =>
      defineHandler({
        type: "record",
        params: BehaviourSchema,
        async run({ runId, jobId, attempt, scheduledFor, params, signal }) {
          const order = effects.length;
          const start = {
            order,
            runId,
            jobId,
            attempt,
            scheduledFor: scheduledFor.getTime(),
            mark: params.mark,
            startedAt: Date.now(),
            executor,
          };
          effects.push({ ...start, endedAt: null, outcome: "open", status: null });
          const status = await behave(params, { attempt, signal });
          effects[order] = { ...start, endedAt: Date.now(), outcome: "answered", status };
          if (status !== 200) throw new Error(`answered ${status}`);
        },
      }),
    target: {
      handler: "record",
      params: (behaviour) => ({ ...behaviour }),
      readMark: ({ mark }) => (typeof mark === "string" ? mark : ""),
    },
  };
}

/** The answer when it was aborted before it could end: that too is an answer, so the outcome is known. */
const TOLD_TO_END = 499;

async function behave(
  { slowMs, failUntil, failStatus }: Omit<TargetBehaviour, "mark">,
  { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
): Promise<number> {
  if (slowMs > 0) await wait(slowMs, undefined, { signal }).catch(() => {});
  if (signal.aborted) return TOLD_TO_END;
  return attempt < failUntil ? failStatus : 200;
}
