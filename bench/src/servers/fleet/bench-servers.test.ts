import { expect, test } from "@jest/globals";
import { readPort, serversFault, withDatabase } from "./bench-servers.ts";

test("a store and a bus in the environment are all that is needed", async () => {
  expect(await serversFault({ STORE_URL: "mongodb://db:27017", BUS_URL: "kafka://k:9092" })).toBeNull();
});

test.each([
  ["mongodb://db:27017", "mongodb://db:27017/bench"],
  ["mongodb://u:p@a:1,b:2/old?tls=true", "mongodb://u:p@a:1,b:2/bench?tls=true"],
  ["mongodb+srv://db/?w=1", "mongodb+srv://db/bench?w=1"],
])("%s with a database of its own is %s", (url, expected) => {
  expect(withDatabase(url, "bench")).toBe(expected);
});

test.each([
  ["mongodb://u:1@db:27017/x", 27_017],
  ["kafka://a:9092,b:9093", 9_092],
  ["http://localhost:8081/apis/ccompat/v7", 8_081],
])("the port of %s is %i", (url, port) => {
  expect(readPort(url)).toBe(port);
});
