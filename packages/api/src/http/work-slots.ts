import type { Context } from "koa";
import type { Answer } from "./answer.ts";
import type { BodyReader } from "./json-body.ts";
import type { Route } from "./route.ts";

/** At most so many pieces of work at once; the others wait, and begin in the order they came. */
export interface WorkSlots {
  enter(): Promise<void>;
  leave(): void;
}

export function createWorkSlots(atOnceMax: number): WorkSlots {
  const waiting = new Set<() => void>(); // In the order of insertion.
  let busy = 0;
  return {
    async enter() {
      if (busy < atOnceMax) busy += 1;
      else await new Promise<void>((resolve) => void waiting.add(resolve));
    },
    leave() {
      const [next] = waiting;
      if (next === undefined) busy -= 1;
      else {
        waiting.delete(next);
        next(); // It has the slot of the one that left.
      }
    },
  };
}

/** How those who run the service ask whether it lives: never behind others. */
const PROBES: ReadonlySet<string> = new Set(["/livez", "/readyz"]);

/** What the route answers, in a slot. Only what it does counts as work: a body that comes slowly keeps nobody from it. */
export async function respondInSlot(
  slots: WorkSlots,
  { route, ctx, readBody }: { readonly route: Route; readonly ctx: Context; readonly readBody: BodyReader },
): Promise<Answer> {
  if (PROBES.has(route.path)) return route.respond(ctx, readBody);
  let isIn = false;
  async function enter(): Promise<void> {
    await slots.enter();
    isIn = true;
  }
  try {
    if (route.body === null) await enter();
    return await route.respond(ctx, async (...request) => {
      const body = await readBody(...request);
      await enter();
      return body;
    });
  } finally {
    if (isIn) slots.leave();
  }
}
