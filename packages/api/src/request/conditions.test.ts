import { describe, expect, test } from "@jest/globals";
import { readCondition, meets, type HeaderOf } from "./conditions.ts";

const headers =
  (given: Readonly<Record<string, string>>): HeaderOf =>
  (name) =>
    given[name];

describe("what a request wants to meet", () => {
  const cases: readonly (readonly [Record<string, string>, readonly (number | null)[]])[] = [
    [{}, [null, 1, 3]],
    [{ "if-match": "*" }, [1, 3]],
    [{ "if-match": '"3"' }, [3]],
    [{ "if-match": ' "1" ,"3"' }, [1, 3]],
    [{ "if-match": 'W/"3"' }, []],
    [{ "if-match": 'W/"1", "3"' }, [3]],
    [{ "if-match": '""' }, []],
    [{ "if-match": '"03"' }, []],
    [{ "if-none-match": "*" }, [null]],
    [{ "if-none-match": '"3"' }, [null, 1]],
    [{ "if-none-match": 'W/"3" , "7"' }, [null, 1]], // Weak tags match here, as RFC 9110 has it.
    [{ "if-match": "*", "if-none-match": "*" }, []],
    [{ "if-match": "*", "if-none-match": '"3"' }, [1]],
  ];
  test.each(cases)("%j meets %j", (given, met) => {
    const condition = readCondition(headers(given));
    if (condition.kind === "problem") throw new Error(condition.detail);
    expect([null, 1, 3].filter((version) => meets(condition.value, version))).toEqual(met);
  });
});

test.each(["", "3", '"3', '3"', '"1" "3"', '"1",', 'w/"3"', '"a\u0000"'])("If-Match and If-None-Match %j are refused", (value) => {
  expect(readCondition(headers({ "if-match": value }))).toMatchObject({ kind: "problem", code: "bad_header" });
  expect(readCondition(headers({ "if-none-match": value }))).toMatchObject({ kind: "problem", code: "bad_header" });
  expect(readCondition(headers({ "if-match": "*", "if-none-match": value }))).toMatchObject({ kind: "problem", code: "bad_header" });
});
