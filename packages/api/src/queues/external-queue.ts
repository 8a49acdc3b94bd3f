import type { ApiContext } from "../api-context.ts";
import { isExternal } from "../jobs/job-input.ts";
import { problem, type Problem } from "../problems/problem.ts";
import { quote } from "../problems/quote.ts";

/** Why executors over HTTP cannot serve a queue; null: they can. */
export function queueProblem(context: Pick<ApiContext, "config">, queue: string): Problem | null {
  if (isExternal(context, queue)) return null;
  const { queues, externalQueues } = context.config;
  if (queues.includes(queue))
    return problem(
      "internal_queue",
      `Tickline's own executors serve the queue ${queue}: name another queue in EXTERNAL_QUEUES, and in the jobs whose runs are to be claimed here`,
    );
  const known = externalQueues.length === 0 ? "EXTERNAL_QUEUES names none" : `EXTERNAL_QUEUES names ${externalQueues.join(", ")}`;
  return problem("queue_not_found", `there is no external queue ${quote(queue)}: ${known}`);
}
