import { expect, test } from "@jest/globals";
import { readMetrics } from "./prometheus-text.ts";

const TEXT = `# HELP claims_total Runs this executor tried to claim.
# TYPE claims_total counter
claims_total{outcome="won"} 40
claims_total{outcome="lost"} 2
lateness_bucket{le="+Inf",range="0"} 7
leading 1.5e1
`;

test("samples are summed by name and labels, and what is not there is nothing", () => {
  const metrics = readMetrics(TEXT);
  expect(metrics.sum("claims_total")).toBe(42);
  expect(metrics.sum("claims_total", { outcome: "lost" })).toBe(2);
  expect(metrics.sum("lateness_bucket", { le: "+Inf" })).toBe(7);
  expect(metrics.sum("leading")).toBe(15);
  expect(metrics.sum("claims_total", { outcome: "skipped" })).toBe(0);
});

test("each value of a label is listed once", () => {
  expect(readMetrics(TEXT).values("claims_total", "outcome")).toEqual(["won", "lost"]);
  expect(readMetrics(TEXT).values("leading", "outcome")).toEqual([]);
});
