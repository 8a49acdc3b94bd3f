import { expect, test } from "@jest/globals";
import { AppError } from "../../../domain/app-error.ts";
import { folderFault, openFault } from "./open-fault.ts";

const systemError = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });
const sqliteError = (errcode: number): Error => Object.assign(new Error("no"), { errcode });

test.each(["EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "EEXIST", "EISDIR", "ELOOP", "ENOSPC", "EDQUOT", "ENAMETOOLONG", "EMFILE"])(
  "%s of a path is one sentence that names it and says what to do",
  (code) => {
    const { message } = folderFault(systemError(code), "/data/tickline.pid");
    expect(message).toMatch(/^\/data\/tickline\.pid cannot be used: .+: .+/);
    expect(message).not.toContain("\n");
  },
);

test.each([
  [8, "store_unavailable", "give this user the right"],
  [8 | (6 << 8), "store_unavailable", "give this user the right"],
  [13, "store_unavailable", "make room"],
  [10 | (19 << 8), "store_unavailable", "make room"],
  [14, "store_unavailable", "give this user the right"],
  [11, "store_corrupt", "put back a backup"],
  [26, "store_corrupt", "put back a backup"],
  [5, "store_unavailable", "end that program"],
])("result code %i of SQLite when it opens the database is %s, and says what to do", (errcode, code, advice) => {
  expect(openFault(sqliteError(errcode), "/data/tickline.db")).toMatchObject({
    code,
    message: expect.stringMatching(new RegExp(`^open /data/tickline\\.db: no: .*${advice}`)),
  });
});

test("what says already what to do passes unchanged", () => {
  const fault = new AppError("store_corrupt", "written by a newer version");
  expect([openFault(fault, "f"), folderFault(fault, "f")]).toEqual([fault, fault]);
});
