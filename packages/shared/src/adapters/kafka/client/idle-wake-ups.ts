import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

/** The part of kafkajs's queue of requests that the patched methods use. */
interface RequestQueueState {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

/** Between two looks at requests that wait for others to be answered: kafkajs's own value. */
const CHECK_PENDING_MS = 10;

/**
 * kafkajs 2.2.4 looks for waiting requests by a timer that, with nothing waiting and nothing throttled, is set to a
 * negative delay, again and again: each open connection wakes the process about a thousand times a second, and Node 24
 * warns of the first (TimeoutNegativeWarning). Here the timer is set only while something waits. The library is frozen
 * and pinned exactly; a test counts the timers, so that another version would be noticed.
 */
export function containIdleWakeUps(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueueState): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttledMs = this.throttledUntil - Date.now(); // oxlint-disable-line no-restricted-properties -- compared with an instant kafkajs took from the same clock
    // oxlint-disable-next-line no-restricted-globals -- kafkajs clears it by itself
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : CHECK_PENDING_MS,
    );
  };
}
