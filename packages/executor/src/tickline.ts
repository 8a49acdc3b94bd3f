// The public module `tickline`, which handler files import wherever they stand.
/** @public */
export { defineHandler, type Handler, type HandlerContext, type HandlerLastRun, type HandlerLog } from "./handler.ts";
/** @public */
export { NonRetryable } from "./non-retryable.ts";
/** @public */
export { RunAborted, type AbortCause } from "./run-aborted.ts";
