import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PROBLEMS } from "../problems/problem.ts";
import { allCases } from "./all-cases.test-support.ts";
import { ask, badInputWorld, expectedProblem, type World } from "./bad-input.test-support.ts";

// None of these requests changes anything, so they share one world.
let world: World;
beforeAll(async () => {
  world = await badInputWorld();
});
afterAll(() => world.stop());

describe("bad input is answered with a problem that points at it", () => {
  test.each(allCases.map((input) => [`${input.to.slice(0, 60)}: ${input.says}`, input] as const))("%s", async (_, input) => {
    const reply = await ask(world, input);
    expect(reply.body).toEqual(expectedProblem(world, input));
    expect(reply.status).toBe(PROBLEMS[input.answers.code].status);
    expect(reply.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  });

  test("every route has some", () => {
    const said = allCases.map(({ to }) => to.replaceAll(/\{\w+\}/g, "x"));
    const without = world.api.routes.filter(({ method, path }) => {
      const pattern = new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}$`);
      return !said.some((to) => pattern.test(to));
    });
    expect(without.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  test("and nothing has changed by all of it", async () => {
    const { body } = await world.call("GET /jobs");
    expect(body.items.map(({ version }: { version: number }) => version)).toEqual([1, 1, 1, 1]);
    expect((await world.call("GET /runs")).body.items).toHaveLength(3);
  });
});

describe("methods", () => {
  const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

  test("those that a path does not have are refused, with those that it has", async () => {
    const paths = Map.groupBy(world.api.routes, ({ path }) => path);
    for (const [path, routes] of paths) {
      const has = routes.map(({ method }) => method.toUpperCase());
      const allow = [...has, ...(has.includes("GET") ? ["HEAD"] : []), "OPTIONS"].toSorted().join(", ");
      const at = path.replaceAll(/:\w+/g, "ping");
      for (const method of METHODS.filter((name) => !has.includes(name))) {
        const reply = await world.call(`${method} ${at}`);
        expect({ at, method, status: reply.status, code: reply.body.code, allow: reply.headers.get("allow") }).toEqual({
          at,
          method,
          status: 405,
          code: "method_not_allowed",
          allow,
        });
      }
      const options = await world.call(`OPTIONS ${at}`);
      expect([at, options.status, options.headers.get("allow")]).toEqual([at, 204, allow]);
    }
  });

  test("HEAD is GET without a body", async () => {
    for (const path of ["/jobs", "/jobs/ping", "/runs", "/handlers", "/events", "/docs", "/openapi.json", "/livez"]) {
      const reply = await world.call(`HEAD ${path}`);
      expect([path, reply.status, reply.body]).toEqual([path, 200, ""]);
    }
    expect((await world.call("HEAD /jobs/nobody")).status).toBe(404);
  });
});
