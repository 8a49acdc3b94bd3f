import { JobIdSchema } from "@tickline/shared/domain/job/job-definition";
import { z } from "zod";
import { quote } from "./quote.ts";

/** All kinds of problems. Their codes are a public contract; status and title of a code never change. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: "The request is not valid" },
  malformed_request: { status: 400, title: "The request is not HTTP" },
  malformed_json: { status: 400, title: "The body is not JSON" },
  body_required: { status: 400, title: "A body is required" },
  body_too_deep: { status: 400, title: "The body is nested too deeply" },
  forbidden_key: { status: 400, title: "The body has a key that is not allowed" },
  incomplete_body: { status: 400, title: "The body did not arrive whole" },
  bad_header: { status: 400, title: "A header is not valid" },
  invalid_id: { status: 400, title: "The id is not valid" },
  schedule_never_fires: { status: 400, title: "The schedule never fires" },
  cross_site_request: { status: 403, title: "Requests from other sites are refused" },
  job_not_found: { status: 404, title: "No such job" },
  run_not_found: { status: 404, title: "No such run" },
  queue_not_found: { status: 404, title: "No such queue" },
  route_not_found: { status: 404, title: "No such route" },
  method_not_allowed: { status: 405, title: "The method is not allowed here" },
  request_timeout: { status: 408, title: "The request did not arrive in time" },
  schedule_not_evaluated: { status: 409, title: "The job cannot be evaluated by this service" },
  stored_unreadable: { status: 409, title: "What is stored cannot be read by this service" },
  edit_conflict: { status: 409, title: "The job is being changed by others" },
  job_exists: { status: 409, title: "Another job has that id" },
  idempotency_key_reused: { status: 409, title: "The idempotency key was used for another request" },
  internal_queue: { status: 409, title: "Executors of Tickline serve the queue" },
  job_deleted: { status: 409, title: "The job has been deleted" },
  run_ended: { status: 409, title: "The run has ended" },
  run_not_ended: { status: 409, title: "The run has not ended yet" },
  idempotency_key_expired: { status: 410, title: "What the idempotency key made has been forgotten" },
  version_mismatch: { status: 412, title: "The job is not at that version" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The media type is not supported" },
  host_not_served: { status: 421, title: "The service does not go by that host name" },
  headers_too_large: { status: 431, title: "The headers are too large" },
  too_many_streams: { status: 429, title: "Too many event streams are open" },
  too_many_claims: { status: 429, title: "Too many claims wait" },
  internal: { status: 500, title: "The service failed" },
  store_unavailable: { status: 503, title: "The store does not answer" },
  bus_unavailable: { status: 503, title: "The bus does not answer" },
  clock_unsteady: { status: 503, title: "The store's clock is not steady" },
  catching_up: { status: 503, title: "The job is catching up with its schedule" },
  shutting_down: { status: 503, title: "The service is shutting down" },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

/** Seconds after which a client may retry a request that was answered with 503 or 429. */
export const RETRY_AFTER_S = 1;

/** One fault of a request, and its place. */
export interface Fault {
  /** A JSON pointer (RFC 6901) into the body; for a query parameter `/` and its name; empty for the whole. */
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** Largest number of faults in one answer. */
export const FAULTS_MAX = 50;
/** Largest length of their texts, in characters. Pointers contain names that the client chose, so they may be long. */
const FAULTS_LENGTH_MAX = 65_536;

/** Why a request was refused. It is a value and never thrown. */
export interface Problem {
  readonly kind: "problem";
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;
}

export const problem = (
  code: ProblemCode,
  detail: string,
  { errors = [], headers = {} }: { errors?: readonly Fault[]; headers?: Readonly<Record<string, string>> } = {},
): Problem => ({ kind: "problem", code, detail, errors: listed(errors), headers });

/** The faults that one answer lists, at least one. */
function listed(faults: readonly Fault[]): readonly Fault[] {
  let length = 0;
  const over = faults.findIndex(({ pointer, message }, index) => {
    length += pointer.length + message.length;
    return index >= FAULTS_MAX || (index > 0 && length > FAULTS_LENGTH_MAX);
  });
  return over === -1 ? faults : faults.slice(0, over);
}

/** For readiness from the first signal of a stop, and for every other request once the service accepts nothing new. */
export const shuttingDown = (): Problem =>
  problem("shutting_down", "the service finishes the work that it has begun and accepts nothing new");

/** The problem of an id that is not a valid id of a job. */
export function malformedId(id: string): Problem {
  const message = JobIdSchema.safeParse(id).error?.issues[0]?.message ?? "is not an id";
  return problem("invalid_id", `${quote(id)} ${message}`);
}

/** The problem of a request with faults. It lists all of them. */
export function invalidRequest(faults: readonly Fault[]): Problem {
  const shown = listed(faults).length;
  const more = faults.length > shown ? `, of which the first ${shown} are listed` : "";
  const [first] = faults;
  const detail =
    faults.length === 1 && first !== undefined
      ? `${first.pointer === "" ? "" : `${first.pointer}: `}${first.message}`
      : `${faults.length} faults${more}`;
  return problem("invalid_request", detail, { errors: faults });
}

const FaultSchema = z.object({ pointer: z.string(), code: z.string(), message: z.string() }).meta({ id: "Fault" });

export const ProblemSchema = z
  .object({
    type: z.string().meta({ description: "`urn:tickline:problem:` and the code." }),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.string().meta({ description: "Stable: clients may switch on it." }),
    detail: z.string().meta({ description: "What is wrong here, for a person. May change." }),
    instance: z.string().meta({ description: "The path that was asked for; empty where it could not be read." }),
    errors: z.array(FaultSchema).meta({ description: "Every fault with an RFC 6901 pointer into the body, or / and the query parameter." }),
  })
  .meta({
    id: "Problem",
    description: "RFC 9457.",
    example: {
      type: "urn:tickline:problem:invalid_request",
      title: "The request is not valid",
      status: 400,
      code: "invalid_request",
      detail: "/name: is required",
      instance: "/jobs",
      errors: [{ pointer: "/name", code: "required", message: "is required" }],
    },
  });
export type ProblemView = z.infer<typeof ProblemSchema>;

/** The problem as the answer shows it. */
export const showProblem = ({ code, detail, errors }: Problem, path: string): ProblemView => ({
  type: `urn:tickline:problem:${code}`,
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  code,
  detail,
  instance: path,
  errors: [...errors],
});
