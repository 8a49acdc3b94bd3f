import type { Clock } from "@tickline/shared/ports/clock";
import type { Context } from "koa";
import type { Answer } from "./answer.ts";
import type { BodyReader } from "./json-body.ts";
import type { Route } from "./route.ts";

/** At most so many pieces of work at once, and for so long in one turn of the event loop; the others wait, and begin in the order they came. */
export interface WorkSlots {
  enter(): Promise<void>;
  leave(): void;
}

export interface WorkSlotsOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly limits: WorkLimits;
}

export interface WorkLimits {
  readonly requestsAtOnceMax: number;
  /** What has begun in one turn of the event loop for so long lets others have theirs, probes among them. */
  readonly turnMsMax: number;
}

/** A read of a store in this process never waits, so a turn would last as long as anybody asks for something. */
export function createWorkSlots({ clock, limits: { requestsAtOnceMax, turnMsMax } }: WorkSlotsOptions): WorkSlots {
  const waiting = new Set<() => void>(); // In the order of insertion.
  let busy = 0;
  let turnSinceMs: number | null = null;
  let isReleasing = false;

  function isTurnOver(): boolean {
    if (turnSinceMs !== null) return clock.monotonicMs() - turnSinceMs >= turnMsMax;
    turnSinceMs = clock.monotonicMs();
    setImmediate(() => (turnSinceMs = null));
    return false;
  }
  /** One each turn: what it does at once is done before the next. */
  function releaseSoon(): void {
    if (isReleasing || waiting.size === 0 || busy >= requestsAtOnceMax) return;
    isReleasing = true;
    setImmediate(() => {
      isReleasing = false;
      const [next] = waiting;
      if (next !== undefined && busy < requestsAtOnceMax) {
        waiting.delete(next);
        busy += 1;
        next();
      }
      releaseSoon();
    });
  }
  return {
    async enter() {
      if (busy < requestsAtOnceMax && waiting.size === 0 && !isTurnOver()) {
        busy += 1;
        return;
      }
      const released = new Promise<void>((resolve) => void waiting.add(resolve));
      releaseSoon();
      await released;
    },
    leave() {
      busy -= 1;
      releaseSoon();
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
