// The public module `tickline`, which handler files import wherever they stand.
/** @public */
export { defineHandler, type Handler, type HandlerContext, type HandlerLastRun, type HandlerLog } from "./handlers/handler.ts";
/** @public */
export { NonRetryable } from "./handlers/non-retryable.ts";
/** @public */
export { RunAborted, type AbortCause } from "./attempt/run-aborted.ts";
