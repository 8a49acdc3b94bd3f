import { AppError } from "@tickline/shared/domain/app-error";
import { z } from "zod";
import type { ApiContext } from "./api-context.ts";
import { content, json } from "./http/answer.ts";
import { problem, RETRY_AFTER_S, shuttingDown } from "./problems/problem.ts";
import { noQuery, route, type Route } from "./http/route.ts";

const HealthView = z.object({ status: z.enum(["live", "ready"]) }).meta({ id: "Health" });

/** The log has the file and the error of the disk. */
const REFUSED = "the store answers but refuses writes, for example because the disk is full; the log of the service has details";

/** Routes for the operation of the service. */
export const serviceRoutes = (context: ApiContext, draining: () => boolean): Route[] => [
  route({
    method: "get",
    path: "/livez",
    query: noQuery,
    docs: {
      operationId: "live",
      tag: "Service",
      summary: "The process answers",
      responses: { 200: { description: "It answers.", schema: HealthView } },
      problems: [],
    },
    handle: () => json(200, { status: "live" }),
  }),
  route({
    method: "get",
    path: "/readyz",
    query: noQuery,
    docs: {
      operationId: "ready",
      tag: "Service",
      summary:
        "The service is ready: its store answers and takes writes, the clock of the store is steady, and the service is not stopping",
      responses: { 200: { description: "It is ready.", schema: HealthView } },
      problems: ["shutting_down", "clock_unsteady"],
    },
    async handle() {
      if (draining()) return shuttingDown();
      await pingInTime(context);
      if ((context.refusal?.() ?? null) !== null)
        return problem("store_unavailable", REFUSED, { headers: { "Retry-After": String(RETRY_AFTER_S) } });
      context.time.decide();
      return json(200, { status: "ready" });
    },
  }),
  route({
    method: "get",
    path: "/metrics",
    query: noQuery,
    docs: {
      operationId: "metrics",
      tag: "Service",
      summary: "Prometheus metrics",
      responses: { 200: { description: "All metrics of the process.", schema: z.string(), mediaType: "text/plain" } },
      problems: [],
    },
    handle: async () => content(context.metrics.contentType, await context.metrics.metrics()),
  }),
];

async function pingInTime({ ping, clock, config }: ApiContext): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const late = new AppError("store_unavailable", `the store has not answered for ${config.readyMsMax} ms`, { retryable: true });
    const timer = clock.setTimer(config.readyMsMax, () => reject(late));
    ping()
      .then(() => resolve(), reject)
      .finally(() => timer.cancel());
  });
}
