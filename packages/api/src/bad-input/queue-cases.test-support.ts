import { fault, faults, refused, type BadInput } from "./bad-input.test-support.ts";

const CLAIM = "POST /queues/python/claim";
const HEARTBEAT = "POST /queues/python/heartbeat";
const SETTLE = "POST /queues/python/settle";
const claim = (changes: object): Pick<BadInput, "body"> => ({ body: { executor: "worker-1", ...changes } });
const settle = (end: object): Pick<BadInput, "body"> => ({ body: { runs: [{ runId: "01KDR4Y7Z0000000000000000A", token: "t", ...end }] } });

/** Requests of executors over HTTP. */
export const queueCases: readonly BadInput[] = [
  { to: CLAIM, says: "no body", answers: refused("body_required", "this route requires a JSON object as the body") },
  { to: CLAIM, says: "no executor", body: {}, answers: fault("/executor", "required", "is required") },
  {
    to: "POST /queues/No%20pe/claim",
    says: "a queue that cannot be",
    ...claim({}),
    answers: refused("queue_not_found", 'there is no external queue "No pe": EXTERNAL_QUEUES names python'),
  },
  {
    to: CLAIM,
    says: "the name of one of Tickline's services",
    ...claim({ executor: "tickline/api" }),
    answers: fault("/executor", "invalid_format", "must not be a name of Tickline's own services and executors"),
  },
  {
    to: CLAIM,
    says: "the name of nobody",
    ...claim({ executor: "" }),
    answers: fault("/executor", "too_small", "must have at least 1 character"),
  },
  {
    to: CLAIM,
    says: "more of everything than is allowed",
    ...claim({ limit: 101, waitMs: 30_001, leaseMs: 999, handlers: [] }),
    answers: faults(
      ["/handlers", "too_small", "must have at least 1 item"],
      ["/limit", "too_big", "must be at most 100"],
      ["/waitMs", "too_big", "must be at most 30000"],
      ["/leaseMs", "too_small", "must be at least 1000"],
    ),
  },
  {
    to: CLAIM,
    says: "an unknown field",
    ...claim({ wait: 5 }),
    answers: fault("/wait", "unknown_field", 'there is no field "wait" here: did you mean waitMs?'),
  },
  { to: HEARTBEAT, says: "no attempts", body: { runs: [] }, answers: fault("/runs", "too_small", "must have at least 1 item") },
  {
    to: HEARTBEAT,
    says: "an attempt without a token, of a run that cannot be",
    body: { runs: [{ runId: "run-1" }] },
    answers: faults(
      ["/runs/0/runId", "invalid_format", "must be the id of a run, as its claim was answered"],
      ["/runs/0/token", "required", "is required"],
    ),
  },
  { to: SETTLE, says: "no end", ...settle({}), answers: fault("/runs/0/state", "required", "is required") },
  {
    to: SETTLE,
    says: "a state that is none",
    ...settle({ state: "lost" }),
    answers: fault("/runs/0/state", "invalid_value", 'must be one of "succeeded", "failed", "cancelled", "released"'),
  },
  {
    to: SETTLE,
    says: "a failure without an error",
    ...settle({ state: "failed" }),
    answers: fault("/runs/0/error", "required", "is required"),
  },
  {
    to: SETTLE,
    says: "a success with an error",
    ...settle({ state: "succeeded", error: { message: "no" } }),
    answers: fault("/runs/0/error", "unknown_field", 'there is no field "error" here'),
  },
  {
    to: SETTLE,
    says: "an error with a code that cannot be",
    ...settle({ state: "failed", error: { code: "no such code", message: "no" } }),
    answers: fault(
      "/runs/0/error/code",
      "invalid_format",
      "must be 1 to 64 letters, digits, dots, underscores or hyphens, and begin with a letter",
    ),
  },
];
