import type { Context } from "koa";
import { JSON_TYPE, PROBLEM_TYPE, type Answer, type Headers } from "./answer.ts";
import { PROBLEMS, showProblem } from "./problem.ts";

/** Writes an answer to the wire. Everything is already text when Koa sees it: it would only guess at types. */
export function sendAnswer(ctx: Context, answer: Answer): void {
  switch (answer.kind) {
    case "json":
      send(ctx, { status: answer.status, type: JSON_TYPE, body: JSON.stringify(answer.body), headers: answer.headers });
      return;
    case "content":
      send(ctx, { status: 200, type: answer.type, body: answer.body, headers: answer.headers });
      return;
    case "problem": {
      const body = JSON.stringify(showProblem(answer, ctx.path));
      send(ctx, { status: PROBLEMS[answer.code].status, type: PROBLEM_TYPE, body, headers: answer.headers });
      return;
    }
    case "empty":
      ctx.status = 204;
      return;
    case "taken":
      ctx.respond = false;
  }
}

interface Sent {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers: Headers | null;
}

function send(ctx: Context, { status, type, body, headers }: Sent): void {
  ctx.status = status;
  for (const name in headers) ctx.set(name, headers[name] ?? "");
  ctx.set("Content-Type", type);
  ctx.body = body;
}
