// Prints what failed, each with its first words, and the totals of all suites, from Jest's JSON. Fails when anything did, or when nothing ran.
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

const results = JSON.parse(readFileSync(process.argv[2], "utf8"));
const passed = results.numPassedTests;
// A suite that cannot even be loaded has no tests to fail: it counts as one.
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
const skipped = results.numPendingTests + results.numTodoTests;

const MESSAGE_CHARS_MAX = 1_500;
for (const suite of results.testResults.filter(({ status }) => status === "failed")) {
  console.log(`\nfailed: ${suite.name.slice(process.cwd().length + 1)}`);
  const tests = suite.assertionResults.filter(({ status }) => status === "failed");
  for (const { fullName, failureMessages } of tests.length > 0 ? tests : [{ fullName: "(the suite)", failureMessages: [suite.message] }])
    console.log(`- ${fullName}\n${stripVTControlCharacters(failureMessages.join("\n")).slice(0, MESSAGE_CHARS_MAX)}`);
}
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
