import { expect, test } from "@jest/globals";
import type { Server } from "../driver/carry-out.ts";
import { httpTarget } from "../recorder/http-target.ts";
import { atRest } from "./rest.ts";

/** A server with one run, which is in the next of these states each time it is asked. */
function serverWith(states: string[]): Server {
  const answerTo = (path: string): unknown[] => {
    if (path.startsWith("/jobs")) return [];
    const state = states.length > 1 ? states.shift() : states[0];
    const asked = /state=(\w+)/.exec(path)?.[1] ?? state;
    return asked === state ? [{ id: "run", jobId: "job", scheduledFor: "2026-01-01T00:00:00Z", scheduledForLast: null, state }] : [];
  };
  return {
    whenUp: () => Promise.resolve(),
    client: {
      send: ({ path }) => Promise.resolve({ kind: "answered", status: 200, body: { items: answerTo(path), nextCursor: null } }),
    },
  };
}

test("a run that is rescued between the looks for its states is not taken for one at rest", async () => {
  const rescued = ["running", "retrying", "running"];
  const { rows } = await atRest(serverWith([...rescued, "running", "succeeded"]), httpTarget("http://target"));
  expect(rows).toMatchObject([{ id: "run", state: "succeeded" }]);
});
