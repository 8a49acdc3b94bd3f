// Receives signed requests of the handler `http`, and answers 401 to those that are not genuine. Needs nothing but Node.
//   WEBHOOK_KEY=whsec_… node receive.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from((process.env.WEBHOOK_KEY ?? "").replace(/^whsec_/, ""), "base64");
const port = Number(process.env.PORT ?? 8099);
/** Older requests are refused: somebody may have recorded them. */
const AGE_SECONDS_MAX = 300;
const seen = new Set(); // Of a real receiver in its database: each run is processed once.

function isGenuine({ "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signatures = "" }, body) {
  if (!id || Math.abs(Date.now() / 1_000 - Number(time)) > AGE_SECONDS_MAX) return false;
  const expected = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest();
  return signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const id = request.headers["webhook-id"];
  console.log(seen.has(id) ? "again" : "new", id, body);
  seen.add(id);
  response.writeHead(204).end();
});
server.listen(port, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
