import { expect, test } from "@jest/globals";
import { systemEntropy } from "../../adapters/system/entropy.ts";
import { isForeignName, ownExecutorName } from "./executor-name.ts";

test.each(["python-host-12", "billing", "executor-7", "a/b/c", "report/1/python-1", "standalone", "x".repeat(200), "Köln"])(
  "a foreign executor may be called %s",
  (name) => expect(isForeignName(name)).toBe(true),
);

test.each([
  ["", "nothing"],
  ["x".repeat(201), "a name without end"],
  ["tickline/executor", "one of our services"],
  ["tickline/api", "one of our services"],
  ["Tickline/Scheduler", "one of our services, in other letters"],
  ["tickline/anything", "one of our services to come"],
  [ownExecutorName("executor", systemEntropy.newId()), "one of our executors"],
  [ownExecutorName("standalone", systemEntropy.newId()).toUpperCase(), "one of our executors, in other letters"],
])("%s: a foreign executor may not have the name %s", (name) => expect(isForeignName(name)).toBe(false));
