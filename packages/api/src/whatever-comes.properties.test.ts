import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { apiUnderTest, minimalJob } from "./api-under-test.test-support.ts";

test("no body, query or id makes the service fail", async () => {
  const at = await apiUnderTest();
  await at.call("PUT /jobs/ping", { body: minimalJob });
  const routes = at.api.routes.filter(({ path }) => !path.startsWith("/docs") && path !== "/events");
  const values = fc.oneof(
    fc.json(),
    fc.json().map((text) => `{"name":"x","handler":"noop","schedule":${text},"params":${text}}`),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes),
      fc.oneof(fc.constant("ping"), fc.string({ minLength: 1 })),
      fc.webQueryParameters(),
      values,
      async ({ method, path }, id, query, body) => {
        const at1 = path.replace(":id", encodeURIComponent(id));
        const withBody = method === "get" || method === "delete" ? {} : { body };
        const { status } = await at.call(`${method.toUpperCase()} ${at1}${query === "" ? "" : `?${encodeURI(query)}`}`, withBody);
        expect(status).toBeLessThan(500);
      },
    ),
    { numRuns: 100 },
  );
  await at.stop();
});
