import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { Webhook } from "standardwebhooks";
import { end, handler, target } from "../http-handler.test-support.ts";
import { loadSigningKeys, parseSigningKeys } from "./signing-keys.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const { keys } = parseSigningKeys(`hooks=${SECRET}`);
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), "tickline-keys-"))));
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["an object", { report: "täglich" }],
  ["text", "a=b"],
  ["nothing", null],
])("a receiver with the public library accepts a signed request with %s as its body, and no other", async (_, body) => {
  const { url, received } = await target(end(200));
  await handler({}, { clock: systemClock, signingKeys: keys }).run({ url, method: "POST", body, sign: "hooks" }); // The library compares with the real time.
  const sent = received[0]?.body ?? "";
  const headers = { ...received[0]?.headers };
  const verify = (text: string, secret = SECRET) =>
    new Webhook(secret).verify(text, headers as Record<string, string>, { jsonParse: false });
  expect(headers["webhook-id"]).toBe("RUN");
  expect(() => verify(sent)).not.toThrow();
  expect(() => verify(`${sent} `)).toThrow("No matching signature found");
  expect(() => verify(sent, `whsec_${Buffer.alloc(32, 8).toString("base64")}`)).toThrow("No matching signature found");
});

test("a request without `sign` has no signature", async () => {
  const { url, received } = await target(end(200));
  await handler({}, { signingKeys: keys }).run({ url });
  expect(received[0]?.headers).not.toHaveProperty("webhook-signature");
});

test("an unknown key fails at once, and nothing is sent", async () => {
  const { url, received } = await target(end(200));
  const fault = await handler({}, { signingKeys: keys }).readFault({ url: `${url}/hook?a=b`, sign: "other" });
  expect(fault).toMatchObject({
    code: "http_sign",
    retryable: false,
    message: `GET ${url}/hook: this executor has no signing key other; add it to the file that SIGNING_KEYS_FILE names, and restart the executor`,
  });
  expect(received).toEqual([]);
});

test("a file of keys is read with comments and spaces", async () => {
  const file = path.join(folder, "keys");
  await writeFile(file, `# ours\n\nhooks = ${SECRET}\r\nother.1=whsec_${Buffer.alloc(24).toString("base64")}\n`);
  expect([...loadSigningKeys(file)].map(([name, key]) => [name, key.length])).toEqual([
    ["hooks", 32],
    ["other.1", 24],
  ]);
});

test("all faults of a file are reported at once, and no key is shown", async () => {
  const file = path.join(folder, "bad");
  const short = Buffer.alloc(23, 9).toString("base64");
  await writeFile(file, `hooks=${SECRET}\nhooks=${SECRET}\nUpper=${SECRET}\n${SECRET}\nplain=secret-text\nshort=whsec_${short}\n`);
  const fault = (() => {
    try {
      return loadSigningKeys(file);
    } catch (thrown) {
      return thrown as Error;
    }
  })() as Error;
  expect(fault).toMatchObject({ code: "bad_config" });
  expect(fault.message.split("\n").slice(1)).toEqual([
    "  line 2: the key hooks is defined twice",
    "  line 3: must be name=whsec_…, with a name of lower-case letters, digits, dots, underscores or hyphens",
    "  line 4: must be name=whsec_…, with a name of lower-case letters, digits, dots, underscores or hyphens",
    "  line 5: the key plain must be whsec_ and the base64 of 24 to 64 bytes",
    "  line 6: the key short must be whsec_ and the base64 of 24 to 64 bytes",
  ]);
  for (const secret of [SECRET, short, "secret-text"]) expect(fault.message).not.toContain(secret);
  expect(() => loadSigningKeys(path.join(folder, "none"))).toThrow(/^SIGNING_KEYS_FILE=.*none cannot be read: ENOENT/);
});
