// The public module `tickline`, which handler files import from any folder.
/** @public */
export {
  defineHandler,
  NonRetryable,
  type Handler,
  type HandlerContext,
  type HandlerLastRun,
  type HandlerLog,
} from "./handlers/handler.ts";
/** @public */
export { RunAborted, type AbortCause } from "./attempt/run-aborted.ts";
