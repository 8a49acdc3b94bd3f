import { expect, test } from "@jest/globals";
import type { OverlapPolicy } from "../../../domain/policy/overlap.ts";
import { SECOND, START } from "../../../testing/factories.ts";
import { judgeInOrder } from "./judge-overlap.ts";
import type { RunRow } from "../runs/run-row.ts";

const makeRow = (name: string, changes: Partial<RunRow> = {}): RunRow =>
  ({
    _id: name,
    jobUid: "job",
    queue: "default",
    handler: "http",
    exclusive: true,
    overlap: "skip",
    scheduledFor: START,
    state: "due",
    standing: "publishable",
    attempt: 1,
    ...changes,
  }) as RunRow;

const judge = (rows: readonly RunRow[], siblings: readonly RunRow[] = rows): string[] =>
  judgeInOrder(
    rows.map((row) => ({ run: { runId: row._id } as never, row })),
    siblings,
    { now: START + SECOND },
  ).map(({ row, verdict }) => `${row._id} ${verdict.kind}${verdict.kind === "wait" ? ` ${verdict.behind.runId}` : ""}`);

test("of a backlog the first starts and the others wait behind it, whatever the order of the batch", () => {
  expect(judge([makeRow("c"), makeRow("a"), makeRow("b")])).toEqual(["a start", "b wait a", "c wait a"]);
});

test("an older run that is not in the batch goes first, unless it waits for a handler", () => {
  expect(judge([makeRow("b")], [makeRow("a"), makeRow("b")])).toEqual(["b wait a"]);
  expect(judge([makeRow("b")], [makeRow("a", { standing: "deferred", reason: "unknown_handler" }), makeRow("b")])).toEqual(["b start"]);
});

test("runs that allow overlap start beside any", () => {
  const allowed = { exclusive: false, overlap: "allow" } as const;
  expect(judge([makeRow("a", allowed), makeRow("b"), makeRow("c", allowed)])).toEqual(["a start", "b start", "c start"]);
});

const HELD = makeRow("a", { state: "running", standing: undefined, startedAt: START });
const LATE = { scheduledFor: START + 1 };

test.each<[OverlapPolicy, string[]]>([
  ["skip", ["b skip", "c skip"]],
  ["buffer_one", ["b wait a", "c skip"]],
  ["buffer_all", ["b wait a", "c wait a"]],
  ["cancel_running", ["b wait a", "c wait a"]],
])("%s: runs of one batch are judged one after the other", (overlap, expected) => {
  const rows = [makeRow("b", { ...LATE, overlap }), makeRow("c", { ...LATE, overlap })];
  expect(judge(rows, [HELD, ...rows])).toEqual(expected);
});

test("a run that was read as due and as the holder of the lock is the holder", () => {
  const due = makeRow("a");
  expect(judge([makeRow("b", LATE)], [due, makeRow("b", LATE), HELD])).toEqual(["b skip"]);
});

test("rows of the first release have no policy: exclusive ones are skipped", () => {
  const old = makeRow("b", { ...LATE, overlap: undefined });
  expect(judge([old], [HELD, old])).toEqual(["b skip"]);
  const allowing = { ...old, exclusive: false };
  expect(judge([allowing], [HELD, allowing])).toEqual(["b start"]);
});
