import { request, type Dispatcher } from "undici";

export interface SignalledRequest extends Pick<Dispatcher.RequestOptions, "body" | "headers" | "method"> {
  readonly dispatcher: Dispatcher;
  /** The signal that ends the request, brought up to date by asking for it. */
  readonly look: () => AbortSignal;
}

/**
 * A request that its signal ends at any time. undici itself only notes an abort while the request waits for a connection, and refuses to
 * send it later; here its caller is told at once. The signal is looked at once more when there is a connection and nothing is sent: the
 * process may have stood still meanwhile.
 */
export async function requestUnderSignal(url: URL, { dispatcher, look, ...options }: SignalledRequest): Promise<Dispatcher.ResponseData> {
  const signal = look();
  signal.throwIfAborted();
  const abandoned = Promise.withResolvers<never>();
  let sending = false;
  const abandon = (): void => {
    if (!sending) abandoned.reject(signal.reason);
  };
  const onSending = (): void => {
    look();
    sending = true;
  };
  signal.addEventListener("abort", abandon, { once: true });
  try {
    const answer = request(url, { ...options, signal, dispatcher: dispatcher.compose(beforeSending(onSending)) });
    return await Promise.race([answer, abandoned.promise]);
  } finally {
    signal.removeEventListener("abort", abandon);
  }
}

/** Calls back when a request has its connection, each time it gets one. */
const beforeSending =
  (onSending: () => void): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      onSending();
      start?.(controller, context);
    };
    return dispatch(options, handler);
  };
