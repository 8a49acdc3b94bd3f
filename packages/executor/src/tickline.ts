// The public module `tickline`, which handler files import wherever they stand.
export { defineHandler, type Handler, type HandlerContext, type HandlerLastRun, type HandlerLog } from "./handler.ts";
export { NonRetryable } from "./non-retryable.ts";
export { RunAborted, type AbortCause } from "./run-aborted.ts";
