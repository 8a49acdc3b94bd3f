import { Gauge } from "prom-client";
import type { Route } from "../http/route.ts";
import { claimRoute, type ClaimRouteDeps } from "./claim-route.ts";
import { heartbeatRoute } from "./heartbeat-route.ts";
import { settleRoute } from "./settle-route.ts";

/** The routes for executors over HTTP. */
export function queueRoutes(deps: ClaimRouteDeps): readonly Route[] {
  const { context, waits } = deps;
  new Gauge({
    name: "tickline_claims_waiting",
    help: "Claims of executors over HTTP that wait for a run.",
    registers: [context.metrics],
    collect() {
      this.set(waits.waiting);
    },
  });
  return [claimRoute(deps), heartbeatRoute(context), settleRoute(context)];
}
