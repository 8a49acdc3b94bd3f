import { Histogram, type Registry } from "prom-client";

/** Counts and times answers. Child metrics are kept, because a lookup by labels costs more than the rest of the middleware. */
export interface RequestMetrics {
  observe(route: string, answer: { readonly method: string; readonly status: number; readonly seconds: number }): void;
}

export function createRequestMetrics(registry: Registry): RequestMetrics {
  const histogram = new Histogram({
    name: "tickline_http_request_seconds",
    help: "From the head of a request to its answer, by route.",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  });
  const children = new Map<string, Histogram.Internal<string>>();
  return {
    observe(route, { method, status, seconds }) {
      const name = `${method} ${status} ${route}`;
      let child = children.get(name);
      if (child === undefined) children.set(name, (child = histogram.labels({ method, route, status: String(status) })));
      child.observe(seconds);
    },
  };
}
