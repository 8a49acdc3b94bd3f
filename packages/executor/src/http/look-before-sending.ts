import type { Dispatcher } from "undici";

/**
 * Looks at the signal once more when a request has its connection and nothing of it is sent: it may have waited for that, and the
 * process may have stood still meanwhile. undici then gives up a request whose signal was aborted by the look.
 */
export const lookBeforeSending =
  (look: () => AbortSignal): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      look();
      start?.(controller, context);
    };
    return dispatch(options, handler);
  };
