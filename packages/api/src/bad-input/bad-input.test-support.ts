import { apiUnderTest, minimalJob, type ApiUnderTest, type CallOptions, type Reply } from "../api-under-test.test-support.ts";
import { PROBLEMS, type Fault, type ProblemCode } from "../problems/problem.ts";

/** One request that is not done, and the whole of its answer. `{job}` and the like stand for what exists in the world of the suite. */
export interface BadInput extends CallOptions {
  /** `POST /jobs` */
  readonly to: string;
  readonly says: string;
  readonly query?: string;
  readonly answers: {
    readonly code: ProblemCode;
    readonly detail: string;
    readonly errors?: readonly Fault[];
  };
}

/** A request with one fault: its problem says no more than that. */
export const fault = (pointer: string, code: string, message: string): BadInput["answers"] => ({
  code: "invalid_request",
  detail: pointer === "" ? message : `${pointer}: ${message}`,
  errors: [{ pointer, code, message }],
});

/** A request with several faults, which one answer lists. */
export const faults = (...found: readonly (readonly [pointer: string, code: string, message: string])[]): BadInput["answers"] => ({
  code: "invalid_request",
  detail: `${found.length} faults`,
  errors: found.map(([pointer, code, message]) => ({ pointer, code, message })),
});

export const refused = (code: ProblemCode, detail: string): BadInput["answers"] => ({ code, detail });

/** A body that makes a job, but for what is given. */
export const job = (changes: object): Pick<BadInput, "body"> => ({ body: { ...minimalJob, ...changes } });
export const fetchJob = (params: object): Pick<BadInput, "body"> => job({ handler: "http", params });
export const jobOn = (schedule: unknown): Pick<BadInput, "body"> => job({ schedule });

export interface World extends ApiUnderTest {
  /** What stands for `{name}` in a request and its answer. */
  readonly names: Readonly<Record<string, string>>;
}

/** A job `ping` with a run that is due and one that has ended, a deleted job with a run, and used idempotency keys. */
export async function badInputWorld(): Promise<World> {
  const under = await apiUnderTest({ config: { externalQueues: ["python"] } });
  const { call } = under;
  for (const id of ["ping", "gone", "second"]) await call(`PUT /jobs/${id}`, { body: minimalJob });
  await call("PUT /jobs/fetcher", { body: { ...minimalJob, handler: "http", params: { url: "http://127.0.0.1/" } } });
  await call("POST /jobs", { body: { ...minimalJob, name: "Another" }, headers: { "idempotency-key": "used" } });
  const due = await call("POST /jobs/ping/trigger", { headers: { "idempotency-key": "used" } });
  const ended = await call("POST /jobs/ping/trigger");
  await call(`POST /runs/${ended.body.id}/cancel`);
  const orphan = await call("POST /jobs/gone/trigger");
  await call("DELETE /jobs/gone");
  const cursor: string = (await call("GET /jobs?limit=1")).body.nextCursor;
  const runCursor: string = (await call("GET /runs?limit=1")).body.nextCursor;
  const tampered = `${cursor.slice(0, 30)}${cursor[30] === "A" ? "B" : "A"}${cursor.slice(31)}`;
  const names = { job: "ping", gone: "gone", fetcher: "fetcher", due: due.body.id, ended: ended.body.id, orphan: orphan.body.id };
  return { ...under, names: { ...names, cursor, runCursor, tampered } };
}

/** Puts what exists into a text with `{name}` in it. */
export const fillIn = (text: string, { names }: Pick<World, "names">): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);

export function ask(world: World, { to, query, body, headers = {} }: BadInput): Promise<Reply> {
  const path = fillIn(to, world) + (query === undefined ? "" : `?${fillIn(query, world)}`);
  return world.call(path, { ...(body !== undefined && { body }), headers });
}

/** The body of the answer, to the last field. */
export function expectedProblem(world: World, { to, answers: { code, detail, errors = [] } }: BadInput): object {
  const { status, title } = PROBLEMS[code];
  const instance = fillIn(to.slice(to.indexOf(" ") + 1), world);
  return { type: `urn:tickline:problem:${code}`, title, status, code, detail: fillIn(detail, world), instance, errors };
}

export const neverFires = (pointer: string, message: string): BadInput["answers"] => ({
  code: "schedule_never_fires",
  detail: message,
  errors: [{ pointer, code: "schedule_never_fires", message }],
});

export const unknownField = (name: string): Fault => ({
  pointer: `/${name}`,
  code: "unknown_field",
  message: `there is no field "${name}" here`,
});
