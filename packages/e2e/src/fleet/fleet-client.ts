import { setTimeout as wait } from "node:timers/promises";
import { createApiClient, type ApiClient } from "../driver/api-client.ts";
import type { Server } from "../driver/carry-out.ts";
import type { FleetMember } from "./fleet-member.ts";

/** Wait after a request that got no answer: others are tried soon, but not so fast that it uses up the processor of the services. */
const UNANSWERED_MS = 50;

/** A client that distributes its requests among several apis, as a proxy before them would. */
export function createFleetClient(apis: readonly FleetMember[]): Server {
  let turn = 0;
  const client = createApiClient(() => {
    const up = apis.flatMap(({ url }) => url ?? []);
    return up[(turn += 1) % up.length] ?? "";
  });
  const patient: ApiClient = {
    async send(request) {
      const reply = await client.send(request);
      if (reply.kind === "unanswered") await wait(UNANSWERED_MS);
      return reply;
    },
  };
  return { client: patient, whenUp: () => Promise.race(apis.map((api) => api.whenUp())) };
}
