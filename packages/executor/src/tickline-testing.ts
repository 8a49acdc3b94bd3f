// The public module `tickline/testing`, which tests of handlers import from any folder.
/** @public */
export { runHandler, type HandlerLogLine, type HandlerRun, type RunHandlerOptions } from "./testing/run-handler.ts";
